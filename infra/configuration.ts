import type { z } from 'zod';
import { Problems, checkMqttPlatformArgs } from '../components';
import type { Problem } from '../components';
import type { Configuration } from './schema';
import { configurationSchema } from './schema';

/** The name that resources of the program begin with, and the project's own namespace in a stack's configuration. */
export const platformName = 'mqtt';

/**
 * Reads a stack's configuration: values as Pulumi hands them to a program (strings; objects as JSON), by key without
 * the project's name. Throws one InputPropertiesError with everything that is wrong.
 */
export function readConfiguration(values: Readonly<Record<string, string>>): Configuration {
  const given = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, parseValue(value)]));
  const problems = new Problems();
  const parsed = configurationSchema.safeParse(given);
  if (parsed.success) {
    problems.addAll(checkMqttPlatformArgs(platformName, parsed.data));
    problems.throwIfAny('Configuration');
    return parsed.data;
  }
  problems.addAll(parsed.error.issues.flatMap((issue) => describe(issue, given)));
  // What remains when the unknown keys are left out may be wrong too: all of it is told at once.
  const known = configurationSchema.safeParse(withoutUnknownKeys(given, parsed.error.issues));
  if (known.success) problems.addAll(checkMqttPlatformArgs(platformName, known.data));
  problems.throwIfAny('Configuration');
  throw new Error('Configuration: refused without a reason');
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, given: unknown): readonly Problem[] {
  const path = propertyPath(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: propertyPath([...issue.path, key]),
        reason: 'is no known setting; docs/configuration.md lists them (or correct its spelling)',
      }));
    case 'invalid_union':
      // Told by the alternative that comes closest: the one with the fewest objections.
      return closest(issue.errors).flatMap((inner) =>
        describe({ ...inner, path: [...issue.path, ...inner.path] }, given),
      );
    case 'invalid_value':
      return [
        {
          path,
          reason: `is ${show(at(given, issue.path))}; ${issue.values.map(String).join(', ')} are allowed`,
        },
      ];
    case 'invalid_type':
      return [
        at(given, issue.path) === undefined
          ? { path, reason: `is missing; ${article(issue.expected)} is needed` }
          : { path, reason: `is ${show(at(given, issue.path))}; ${article(issue.expected)} is allowed` },
      ];
    default:
      return [{ path, reason: issue.message }];
  }
}

function closest(alternatives: readonly (readonly Issue[])[]): readonly Issue[] {
  return [...alternatives].sort((a, b) => a.length - b.length)[0] ?? [];
}

function propertyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[String(key)] : undefined), value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A value as the error shows it; a long one may be a key or a certificate, which no log should hold. */
function show(value: unknown): string {
  const shown = JSON.stringify(value) as string | undefined;
  if (shown === undefined) return 'missing';
  return shown.length > 60 ? `${typeof value} of ${shown.length} characters` : shown;
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function withoutUnknownKeys(given: unknown, issues: readonly Issue[]): unknown {
  const copy: unknown = structuredClone(given);
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const holder = at(copy, issue.path);
    if (isObject(holder)) for (const key of issue.keys) Reflect.deleteProperty(holder, key);
  }
  return copy;
}
