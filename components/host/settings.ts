import type { FileChange, HostFile, SecretView } from './fileSet';
import { changeText } from './fileSet';
import { programCommand } from './programs';

/** A JSON file that one of the host's programs reads. */
export function settingsFile(name: string, change: FileChange, content: unknown): HostFile {
  return {
    path: `/etc/emqx-haproxy/${name}.json`,
    content: `${JSON.stringify(content, null, 2)}\n`,
    mode: '0644',
    owner: 'root:root',
    change,
  };
}

/** What `apply-config` cannot know of this role: how to check a set, what to start, when the host is well. */
export function applySettings(
  role: 'balancer' | 'broker',
  validate: readonly (readonly string[])[],
  enable: readonly string[],
  healthTimeoutSeconds: number,
  /** By unit, what hands it changed files while it runs. */
  runtime: Readonly<Record<string, readonly string[]>> = {},
  /** Whether a set is taken back unless it is confirmed, whatever is in it: hosts change together, or none does. */
  together = false,
): HostFile {
  return settingsFile(
    'apply',
    { kind: 'none' },
    {
      role,
      validate,
      enable,
      health: programCommand(`${role}.health`),
      healthTimeoutSeconds,
      runtime,
      ...(together ? { together } : {}),
    },
  );
}

/** What only AWS knows: identifiers and addresses in one small file, so that all others are known in a preview. */
export function awsSettings(
  region: string,
  secrets: readonly SecretView[],
  change: FileChange,
  more: Readonly<Record<string, unknown>> = {},
): HostFile {
  return settingsFile('aws', change, {
    region,
    secrets: secrets.map(({ change: secretChange, ...secret }) => ({
      ...secret,
      change: changeText(secretChange),
    })),
    ...more,
  });
}
