import * as pulumi from '@pulumi/pulumi';
import { inspect } from 'node:util';

/** One thing that is wrong with the arguments, at one place. */
export interface Problem {
  /** The property's path in the arguments, for example `emqx.brokers.emqx-1.weight`. */
  readonly path: string;
  /** What was given, what is allowed, and how to mend it. */
  readonly reason: string;
}

/** Collects everything that is wrong, so that it is reported at once. */
export class Problems {
  private readonly found: Problem[] = [];

  /** Notes what is wrong at one place. */
  add(path: string, reason: string): void {
    this.found.push({ path, reason });
  }

  /** Notes what another check found; its paths are below `prefix`. */
  addAll(problems: readonly Problem[], prefix = ''): void {
    for (const { path, reason } of problems) this.add(prefix === '' ? path : `${prefix}.${path}`, reason);
  }

  /** Checks that a number lies within bounds and is whole. */
  wholeNumber(path: string, value: number, least: number, most: number, unit = ''): void {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    this.add(
      path,
      `is ${value}; a whole number from ${least} to ${most}${unit === '' ? '' : ` ${unit}`} is allowed`,
    );
  }

  /** Checks that a text is one of those that are allowed. */
  oneOf(path: string, value: string, allowed: readonly string[]): void {
    if (allowed.includes(value)) return;
    this.add(path, `is ${JSON.stringify(value)}; ${allowed.join(', ')} are allowed`);
  }

  /**
   * Refuses Outputs and promises in arguments that a plan needs the values of; true when there was one, and nothing can
   * be planned from these. Properties named in `mayBe` are not looked into.
   */
  refuseOutputs(path: string, value: unknown, mayBe: readonly string[] = []): boolean {
    if (pulumi.Output.isInstance(value) || value instanceof Promise) {
      this.add(
        path,
        'is an Output, and names, addresses and rules are planned from its value before anything is made; await the value, or write it',
      );
      return true;
    }
    if (typeof value !== 'object' || value === null) return false;
    const within = Array.isArray(value)
      ? value.map((each: unknown, index) => this.refuseOutputs(`${path}[${index}]`, each, mayBe))
      : Object.entries(value)
          .filter(([key]) => !mayBe.includes(key))
          .map(([key, each]) => this.refuseOutputs(`${path}.${key}`, each, mayBe));
    return within.includes(true);
  }

  /** Everything that was noted, in that order. */
  get all(): readonly Problem[] {
    return this.found;
  }

  /** Throws one error that lists every problem found; returns when there is none. */
  throwIfAny(what: string): void {
    refuse(what, this.found);
  }
}

/** Throws one error that lists every problem; returns when there is none. */
export function refuse(what: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const message = describeProblems(what, problems);
  const error = new pulumi.InputPropertiesError({
    message,
    errors: problems.map(({ path, reason }) => ({ propertyPath: path, reason })),
  });
  // Pulumi's runner prints an error by inspecting it, with the promise and all resources that hang on it: most of a
  // minute for what the message says already.
  Object.defineProperty(error, inspect.custom, { value: () => message });
  throw error;
}

/** The text of the error: a line per problem. */
export function describeProblems(what: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [
    `${what}: ${count} in its arguments`,
    ...problems.map(({ path, reason }) => `  ${path}: ${reason}`),
  ].join('\n');
}
