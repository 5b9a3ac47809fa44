import { daemonRequest } from '../api/client';
import { UsageError, type Command } from './command';

export const account: Command = {
  arguments: '[NAME=VALUE ...]',
  summary: 'show or set what AWS grants the account: see lab/STRICTNESS.md',
  run: async (args) => {
    const asked = parseAccount(args);
    const answer =
      args.length === 0
        ? await daemonRequest('GET', '/account')
        : await daemonRequest('POST', '/account', asked);
    process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
    return 0;
  },
};

/** Reads `vcpuQuota=5 localZone=false 'volumeTags=["Owner"]'`: names and JSON. */
export function parseAccount(args: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    args.map((word): [string, unknown] => {
      const [, name, value] = /^(\w+)=(.*)$/s.exec(word) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`account takes NAME=VALUE, and not ${word}`);
      try {
        return [name, JSON.parse(value)];
      } catch {
        throw new UsageError(`${name} takes JSON such as 5, false or ["Owner"], and not ${value}`);
      }
    }),
  );
}
