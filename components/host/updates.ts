import type { Problems } from '../rendering/problems';
import type { HostFile } from './fileSet';

/** Security updates of the hosts' operating system. */
export interface UpdatesArgs {
  /**
   * `rolling`: another `generation` brings them to running hosts, in the order of files, with a reboot where the kernel
   * asks for one; hosts do nothing by themselves at night. `off`: what the image does at night goes on, and no more.
   * @default `off`
   */
  security?: 'rolling' | 'off';
  /** Another value brings the updates of its day; new hosts are as their image is. 1 to 1,000,000. @default 1 */
  generation?: number;
  /** When they may come; at other times a host refuses another generation, untouched. @default at any time */
  window?: WindowArgs;
}

/** A time of the day, over midnight where `from` is later than `to`. */
export interface WindowArgs {
  /** Its begin in UTC, such as `02:00`. Required. */
  from: string;
  /** Its end in UTC, such as `05:00`. Required. */
  to: string;
}

/** Security updates that are rolled. */
export interface PlannedUpdates {
  readonly security: 'rolling';
  readonly generation: number;
  readonly window?: WindowArgs;
}

/** With their defaults; undefined where they are off. */
export function rolledUpdates({ security = 'off', generation = 1, window }: UpdatesArgs = {}):
  PlannedUpdates | undefined {
  return security === 'rolling'
    ? { security, generation, ...(window === undefined ? {} : { window }) }
    : undefined;
}

/** The same, checked; what is wrong goes to `problems` under `path`. */
export function planUpdates(args: UpdatesArgs, path: string, problems: Problems): PlannedUpdates | undefined {
  const { security = 'off', generation = 1, window } = args;
  problems.oneOf(`${path}.security`, security, ['rolling', 'off']);
  problems.wholeNumber(`${path}.generation`, generation, 1, 1_000_000);
  for (const [key, time] of Object.entries(window ?? {}))
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(String(time)))
      problems.add(
        `${path}.window.${key}`,
        `is ${JSON.stringify(time)}; a time of the day in UTC such as 02:00 is allowed`,
      );
  if (window !== undefined && window.from === window.to)
    problems.add(`${path}.window`, 'ends when it begins; leave it out for any time');
  return rolledUpdates(args);
}

/** Keeps a host whose updates are rolled from updating or restarting anything by itself. */
export function quietNights(updates: PlannedUpdates | undefined): HostFile[] {
  if (updates === undefined) return [];
  const made = 'Made by emqx-haproxy: an update of the stack does this, one host after the other.';
  return [
    {
      path: '/etc/apt/apt.conf.d/98emqx-haproxy-updates',
      content: `// ${made}\nAPT::Periodic::Unattended-Upgrade "0";\n`,
    },
    {
      path: '/etc/needrestart/conf.d/emqx-haproxy-updates.conf',
      content: `# ${made}\n$nrconf{restart} = 'l';\n`,
    },
  ].map((file) => ({ ...file, mode: '0644', owner: 'root:root', change: { kind: 'none' } }));
}
