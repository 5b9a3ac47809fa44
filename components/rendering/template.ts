import Mustache from 'mustache';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './packageRoot';

/** What a template may be given. A name that a template uses must have a value, and the other way round. */
export type ViewValue = string | number | boolean | readonly ViewValue[] | View;
export interface View {
  readonly [name: string]: ViewValue;
}

/**
 * Renders templates/NAME.mustache. Nothing is escaped; what does not fit its place is refused:
 *
 * - `{{tag}}` is one word: letters, digits and `._:/@,+=*~^-`
 * - `"{{tag}}"` is printable text without `"`, `\`, `$` and `%`, which configuration languages would interpret
 * - `{{{tag}}}` is one line of printable text
 */
export function render(templateName: string, view: View): string {
  const template = readFileSync(join(packageRoot, 'templates', `${templateName}.mustache`), 'utf8');
  return renderText(templateName, template, view);
}

/** `render` for a template that is at hand; `templateName` is for errors. */
export function renderText(templateName: string, template: string, view: View): string {
  const tokens = Mustache.parse(template) as unknown as readonly Token[];
  refuseUnused(templateName, view, namesIn(tokens), '');
  return new StrictWriter(templateName, template).render(template, new StrictContext(templateName, view));
}

/** Mustache's parse tree: kind, name or text, start, end, and a section's children. */
type Token = readonly [kind: string, value: string, start: number, end: number, children?: readonly Token[]];

function namesIn(tokens: readonly Token[]): Set<string> {
  const names = new Set<string>();
  for (const [kind, value, , , children] of tokens) {
    if (kind !== 'text' && kind !== '!') for (const part of value.split('.')) names.add(part);
    for (const name of namesIn(children ?? [])) names.add(name);
  }
  return names;
}

function refuseUnused(
  templateName: string,
  value: ViewValue,
  names: ReadonlySet<string>,
  path: string,
): void {
  if (typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    const innerPath = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    if (!Array.isArray(value) && !names.has(key)) {
      throw new Error(`template ${templateName}: the view has ${innerPath}, which the template does not use`);
    }
    refuseUnused(templateName, inner, names, innerPath);
  }
}

class StrictContext extends Mustache.Context {
  constructor(
    private readonly templateName: string,
    view: ViewValue,
    parent?: Mustache.Context,
  ) {
    super(view, parent);
  }

  override push(view: ViewValue): StrictContext {
    return new StrictContext(this.templateName, view, this);
  }

  override lookup(name: string): ViewValue {
    const value: unknown = super.lookup(name);
    // Mustache itself prints nothing for a missing value, and calls a function.
    if (value === undefined || value === null || typeof value === 'function') {
      throw new Error(`template ${this.templateName}: {{${name}}} has no value`);
    }
    return value as ViewValue;
  }
}

interface Place {
  readonly allowed: RegExp;
  readonly description: string;
}

const places = {
  word: { allowed: /^[A-Za-z0-9._:/@,+=*~^-]+$/, description: 'letters, digits and ._:/@,+=*~^- only' },
  quoted: {
    allowed: /^[^\p{Cc}\p{Zl}\p{Zp}"\\$%]*$/u,
    description: 'printable characters but not " \\ $ %',
  },
  line: { allowed: /^(?:\t|[^\p{Cc}\p{Zl}\p{Zp}])*$/u, description: 'one line of printable characters' },
} satisfies Record<string, Place>;

class StrictWriter extends Mustache.Writer {
  constructor(
    private readonly templateName: string,
    private readonly template: string,
  ) {
    super();
  }

  override escapedValue(token: string[], context: Mustache.Context): string {
    const [, name, start] = token as unknown as Token;
    const line = this.template.slice(this.template.lastIndexOf('\n', start) + 1, start);
    const insideQuotes = line.split('"').length % 2 === 0;
    return this.fitting(name, context, insideQuotes ? places.quoted : places.word);
  }

  override unescapedValue(token: string[], context: Mustache.Context): string {
    return this.fitting(token[1] ?? '', context, places.line);
  }

  private fitting(name: string, context: Mustache.Context, place: Place): string {
    const value: unknown = context.lookup(name);
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new Error(`template ${this.templateName}: {{${name}}} is ${typeof value}, not text or a number`);
    }
    const text = String(value);
    if (!place.allowed.test(text)) {
      throw new Error(
        `template ${this.templateName}: {{${name}}} is ${JSON.stringify(text)}; allowed: ${place.description}`,
      );
    }
    return text;
  }
}
