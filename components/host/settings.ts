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

/** What `apply-config` cannot know of a role. */
export interface RoleSettings {
  readonly role: 'balancer' | 'broker';
  /** Commands that judge what is staged, each by its exit code. */
  readonly validate: readonly (readonly string[])[];
  /** Units that are to run, in the order of their starts. */
  readonly enable: readonly string[];
  /** How long the host may take to be well with a set. */
  readonly healthTimeoutSeconds: number;
  /** By unit, what hands it changed files while it runs. */
  readonly runtime?: Readonly<Record<string, readonly string[]>>;
  /** Whether a set is taken back unless it is confirmed, whatever is in it: hosts change together, or none does. */
  readonly together?: boolean;
  /**
   * By unit, what says before a restart whether the others of its kind can do without it. The former set's programs are
   * run, with this set's words.
   */
  readonly askBefore?: Readonly<Record<string, readonly string[]>>;
  /** Another one than the former set's: nobody is asked. */
  readonly repairGeneration?: number;
}

/** The file apply.json, by which a host applies sets. */
export function applySettings({ role, ...settings }: RoleSettings): HostFile {
  const health = programCommand(`${role}.health`);
  return settingsFile('apply', { kind: 'none' }, { runtime: {}, ...settings, role, health });
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
