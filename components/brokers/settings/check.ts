import { nearestName } from '../../rendering/nearestName';
import type { Problems } from '../../rendering/problems';
import type { KnownSetting, KnownSettings } from './knownSetting';
import { isInput, isObject } from './secretSettings';
import { insteadOf } from './owned';

/** What a tree of settings is held against. */
export interface Knowledge {
  readonly problems: Problems;
  /** Whether every key is known: of EMQX's other releases than 5.8 only the package's own keys are. */
  readonly complete: boolean;
}

/** Checks a setting and all below it; `keys` lead to it, and `path` is where it stands in the arguments. */
export function checkSetting(
  value: unknown,
  known: KnownSetting,
  keys: readonly string[],
  path: string,
  knowledge: Knowledge,
): void {
  const instead = insteadOf(keys);
  if (instead !== undefined) {
    knowledge.problems.add(path, `is set by this package: ${instead}`);
    return;
  }
  // What it holds is known to the hosts only, where EMQX judges it.
  if (isInput(value)) return;
  if (isObject(value) && typeof known !== 'string' && !isListOf(known)) {
    for (const [key, each] of Object.entries(value)) {
      const of = Object.hasOwn(known, key) && key !== '*' ? known[key] : known['*'];
      const inner = `${path}${/^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`}`;
      if (of !== undefined || !knowledge.complete)
        checkSetting(each, of ?? 'any', [...keys, key], inner, knowledge);
      else knowledge.problems.add(inner, unknownKey(key, known));
    }
    return;
  }
  if (!knowledge.complete) return;
  if (Array.isArray(value) && isListOf(known)) {
    value.forEach((each: unknown, index) =>
      checkSetting(each, known[0], [...keys, '[]'], `${path}[${index}]`, knowledge),
    );
    return;
  }
  const allowed = typeof known === 'string' ? known : isListOf(known) ? 'list' : 'object';
  if (value === null || allowed.split('|').some((form) => fits(value, form))) return;
  knowledge.problems.add(
    path,
    `is ${shown(value)}; ${allowed.split('|').map(inWords).join(', ')} ${allowed.includes('|') ? 'are' : 'is'} allowed`,
  );
}

function unknownKey(key: string, known: KnownSettings): string {
  const names = Object.keys(known).filter((name) => name !== '*');
  if (key.includes('.'))
    return 'has a dot in its name; give an object for each part, such as {mqtt: {max_inflight: 16}}';
  const nearest = nearestName(key, names);
  const mending = nearest === undefined ? `${names.join(', ')} are known` : `did you mean ${nearest}?`;
  return `is no setting of EMQX 5.8; ${mending}`;
}

const duration = /^(\d+(\.\d+)?(ms|[smhdw]))+$/i;

function fits(value: unknown, form: string): boolean {
  const whole = wholeNumber(value);
  switch (form) {
    case 'any':
      return true;
    case 'bool':
      return typeof value === 'boolean' || value === 'true' || value === 'false';
    case 'int':
      return whole !== undefined;
    case 'number':
      return typeof value === 'number';
    case 'text':
      return typeof value === 'string' || typeof value === 'number';
    case 'duration':
      return (whole !== undefined && whole >= 0) || (typeof value === 'string' && duration.test(value));
    case 'bytes':
      return (whole ?? -1) >= 0 || (typeof value === 'string' && /^\d+\s*(b|kb|mb|gb)?$/i.test(value));
    case 'percent':
      return typeof value === 'string' && /^\d{1,3}(\.\d+)?%$/.test(value);
    case 'list':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
  }
  const [, least, most] = /^(\d+)\.\.(\d+|inf)$/.exec(form) ?? [];
  if (least === undefined) return value === form;
  return whole !== undefined && whole >= Number(least) && (most === 'inf' || whole <= Number(most));
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

function inWords(form: string): string {
  const [, least, most] = /^(\d+)\.\.(\d+|inf)$/.exec(form) ?? [];
  if (least !== undefined)
    return most === 'inf' ? `a whole number from ${least}` : `a whole number from ${least} to ${most ?? ''}`;
  return words[form] ?? form;
}

const words: Readonly<Record<string, string>> = {
  bool: 'true or false',
  int: 'a whole number',
  number: 'a number',
  text: 'a text',
  duration: 'a duration such as 30s or 1m30s',
  bytes: 'a size such as 1MB',
  percent: 'a percentage such as 80%',
  list: 'a list',
  object: 'an object',
};

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined || text.length > 60 ? `a ${typeof value}` : text;
}

function isListOf(known: KnownSetting): known is readonly [KnownSettings] {
  return Array.isArray(known);
}
