import type { Operation, ResourceProvider } from '../../lab/providers/server';
import { openSecrets, type Properties } from '../../lab/providers/values';

/** An operation that nobody interrupts; what it logs is kept. */
export function operation(
  options: { preview?: boolean; signal?: AbortSignal } = {},
): Operation & { lines: string[]; warnings: string[] } {
  const lines: string[] = [];
  const warnings: string[] = [];
  return {
    preview: options.preview ?? false,
    signal: options.signal ?? new AbortController().signal,
    log: (severity, message) => {
      if (severity !== 'debug') lines.push(message);
      if (severity === 'warning') warnings.push(message);
    },
    lines,
    warnings,
  };
}

export function urnOf(type: string): string {
  return `urn:pulumi:lab::test::${type}::name`;
}

/** Creates a resource as the engine does, and gives its state without secrets' envelopes, and which were secret. */
export async function created(provider: ResourceProvider, type: string, inputs: Properties) {
  const check = await provider.check(urnOf(type), {}, inputs);
  if (check.failures !== undefined && check.failures.length > 0)
    throw new Error(JSON.stringify(check.failures));
  const { id, outs } = await provider.create(urnOf(type), inputs, operation());
  const { values, secretNames } = openSecrets(outs);
  return { id, values, secretNames, outs };
}

/** A property that a test needs as text. */
export function text(values: Properties, name: string): string {
  const value = values[name];
  if (typeof value !== 'string') throw new Error(`${name} is no string but ${JSON.stringify(value)}`);
  return value;
}
