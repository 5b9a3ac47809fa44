import { XMLParser } from 'fast-xml-parser';

/** What an EC2 answer is made of: objects become elements, a list becomes `<item>`s, undefined is left out. */
export type XmlValue = string | number | boolean | undefined | readonly XmlValue[] | XmlObject;
export interface XmlObject {
  readonly [name: string]: XmlValue;
}

export function writeXml(content: XmlObject): string {
  return Object.entries(content)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  return `<${name}>${inner(value)}</${name}>`;
}

function inner(value: Exclude<XmlValue, undefined>): string {
  if (isList(value)) return value.map((item) => element('item', item)).join('');
  if (typeof value === 'object') return writeXml(value);
  return escapeXml(String(value));
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, trimValues: true });

/** An element of a parsed answer; asking for what is not there gives nothing rather than an exception. */
export class XmlNode {
  private constructor(private readonly value: unknown) {}

  /** The root element, whatever its name. */
  static parse(text: string): XmlNode {
    const document: unknown = parser.parse(text);
    if (typeof document !== 'object' || document === null) return new XmlNode(undefined);
    const root = Object.entries(document).find(([name]) => name !== '?xml');
    return new XmlNode(root?.[1]);
  }

  child(name: string): XmlNode {
    if (typeof this.value !== 'object' || this.value === null) return new XmlNode(undefined);
    return new XmlNode(Object.entries(this.value).find(([key]) => key === name)?.[1]);
  }

  text(name: string): string {
    const found = this.child(name).value;
    return typeof found === 'string' ? found : '';
  }

  /** The members of a list element: `<name><item>..</item></name>` in EC2, `<member>` in IAM. */
  items(name: string): XmlNode[] {
    const list = this.child(name);
    const members = list.child('item').value ?? list.child('member').value;
    if (members === undefined) return [];
    return (Array.isArray(members) ? members : [members]).map((member: unknown) => new XmlNode(member));
  }

  /** The texts of a list of plain strings. */
  texts(name: string): string[] {
    return this.items(name).flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  }
}
