import { z } from 'zod';
import { program } from './program';
import { type Result, Warning, check } from './checks';
import { type Hosts } from './hosts';
import type { Outputs } from './outputs';

const told = z.object({
  everyHours: z.number(),
  since: z.number(),
  now: z.number(),
  backups: z.array(z.object({ key: z.string(), modified: z.number() })),
});

/** Beside the time between two looks of a broker. */
const graceHours = 2;
const listMs = 60_000;

/** Where a stack has backups: that there is one which is young enough. */
export function checkBackups({ backups: place }: Outputs, hosts: Hosts): Promise<Result>[] {
  const [broker] = hosts.brokers;
  if (place === undefined || broker === undefined) return [];
  return [
    check('backups: the youngest is young enough', async () =>
      youngEnough(place, await hosts.ssh.run(broker, program('broker.backups'), listMs)),
    ),
  ];
}

/** What a broker's answer comes to. */
export function youngEnough(place: string, answer: string): string {
  const { everyHours, since, now, backups } = told.parse(JSON.parse(answer));
  const youngest = backups.at(-1);
  const hours = (now - Math.max(since, youngest?.modified ?? 0)) / 3600;
  const advice =
    '`npm run backup` tries it now and says what is wrong; `journalctl -u emqx-backup` on the brokers says since when';
  if (hours > everyHours + graceHours)
    throw new Warning(
      youngest === undefined
        ? `${place} has no backup, ${hours.toFixed(0)} h after emqx.backup was set: ${advice}`
        : `the youngest in ${place} is ${hours.toFixed(0)} h old, and emqx.backup.everyHours is ${everyHours}: ${advice}`,
    );
  if (youngest === undefined) return `none yet in ${place}: the first one is due`;
  return `${backups.length} in ${place}, the youngest ${((now - youngest.modified) / 3600).toFixed(1)} h old`;
}
