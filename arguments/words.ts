import type { Shape } from './schema';

/** What JSON calls a value; what it has no word for is as JavaScript calls it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A value as a message shows it: a secret never, and a long text may be a key or a certificate, which no log should hold. */
export function show(value: unknown, secret = false): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  if (secret) return `a ${kindOf(value)}`;
  const shown = JSON.stringify(value) as string | undefined;
  if (shown === undefined) return kindOf(value);
  return shown.length > 60 ? `a ${kindOf(value)} of ${shown.length} characters` : shown;
}

/** `a string is`, `single, perZone are`, `a whole number or a map is`: what a place may hold, with its verb. */
export function allowed(shape: Shape): string {
  const forms = formsOf(shape);
  const last = forms.at(-1) ?? '';
  if (forms.length === 1) return `${last} is`;
  if ('enum' in shape) return `${forms.join(', ')} are`;
  return `${forms.slice(0, -1).join(', ')} or ${last} is`;
}

function formsOf(shape: Shape): readonly string[] {
  if ('anyOf' in shape) return shape.anyOf.flatMap(formsOf);
  if ('$ref' in shape) return ['an object'];
  if ('enum' in shape) return shape.enum;
  if (typeof shape.type !== 'string') return ['any plain value'];
  switch (shape.type) {
    case 'string':
      return ['a string'];
    case 'integer':
      return ['a whole number'];
    case 'boolean':
      return ['true or false'];
    case 'array':
      return ['a list'];
    case 'object':
      return ['a map'];
  }
}
