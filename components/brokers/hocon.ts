/** What a HOCON file can say. */
export type HoconValue =
  string | number | boolean | null | readonly HoconValue[] | { readonly [key: string]: HoconValue };

/** An object of HOCON, as a whole file is one. */
export type HoconObject = { readonly [key: string]: HoconValue };

/** The members of an object, a line each: a changed setting is a changed line. */
export function renderHocon(members: HoconObject, indent = ''): string {
  return Object.entries(members)
    .map(([key, value]) => `${indent}${hoconKey(key)} ${assignment(value, indent)}\n`)
    .join('');
}

/**
 * A text as HOCON reads it back. It takes JSON's escapes but for those by number, so control characters and Unicode's
 * ends of lines have none.
 */
export function hoconText(text: string): string {
  if (/[^\P{Cc}\n\t\r]|[\u2028\u2029]/u.test(text)) throw new Error('HOCON: a text has control characters');
  return JSON.stringify(text);
}

function assignment(value: HoconValue, indent: string): string {
  return isObject(value) ? render(value, indent) : `= ${render(value, indent)}`;
}

function render(value: HoconValue, indent: string): string {
  const inner = `${indent}  `;
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return hoconText(value);
  if (isObject(value))
    return Object.keys(value).length === 0 ? '{}' : `{\n${renderHocon(value, inner)}${indent}}`;
  if (value.length === 0) return '[]';
  if (!value.some(needsItsLine)) return `[${value.map((element) => render(element, inner)).join(', ')}]`;
  return `[\n${value.map((element) => `${inner}${render(element, inner)}`).join(',\n')}\n${indent}]`;
}

/** EMQX takes a quote behind a backslash for the text's end only where no other quote follows on the line. */
function needsItsLine(element: HoconValue): boolean {
  return typeof element === 'string'
    ? element.endsWith('\\')
    : typeof element === 'object' && element !== null;
}

function hoconKey(key: string): string {
  return /^(?!(?:true|false|null|include)$)[A-Za-z][A-Za-z0-9_-]*$/.test(key) ? key : hoconText(key);
}

function isObject(value: HoconValue): value is HoconObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
