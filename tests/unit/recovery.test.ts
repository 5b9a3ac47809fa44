import { describe, expect, it } from 'vitest';
import { listed } from '../../recovery/backups';
import { restore } from '../../recovery/restore';
import { youngEnough } from '../../verify/backupsCheck';

const now = 1_800_000_000;
const hour = 3600;
const answer = (ages: readonly number[], since = 500) =>
  JSON.stringify({
    ...{ bucket: 'b', prefix: 'mqtt/', everyHours: 24, now, since: now - since * hour },
    backups: ages.map((age) => ({ key: `mqtt/${age}.tar.gz`, size: age, modified: now - age * hour })),
  });

describe('backups of a stack', () => {
  it('are well while the youngest is about as old as it may get, or the first one is due', () => {
    expect(youngEnough('s3://b/mqtt/', answer([49, 25]))).toBe('2 in s3://b/mqtt/, the youngest 25.0 h old');
    expect(youngEnough('s3://b/mqtt/', answer([], 3))).toContain('none yet');
    // Set anew: brokers have not had the time for one.
    expect(youngEnough('s3://b/mqtt/', answer([400], 1))).toContain('400.0 h old');
  });

  it.each([
    [
      answer([80, 27]),
      'the youngest in s3://b/mqtt/ is 27 h old, and emqx.backup.everyHours is 24: `npm run',
    ],
    [answer([], 30), 's3://b/mqtt/ has no backup, 30 h after emqx.backup was set: `npm run backup`'],
  ])('that are too old are told with what to do', (told, said) => {
    expect(() => youngEnough('s3://b/mqtt/', told)).toThrow(said);
  });

  it('are listed with their age and size, the youngest last', () => {
    expect(listed(answer([96, 5])).split('\n')).toEqual([
      'in s3://b/, the youngest last:',
      '   4.0 d old  96 bytes  mqtt/96.tar.gz',
      '   5.0 h old   5 bytes  mqtt/5.tar.gz',
      '',
    ]);
    expect(listed(answer([]))).toContain('`npm run backup` makes one now');
  });
});

describe('a restore', () => {
  function brokers(fails?: string) {
    const ran: string[] = [];
    return {
      ran,
      all: () => Promise.resolve(['emqx-1', 'emqx-2']),
      run: (name: string, command: string) => {
        ran.push(`${name}: ${command}`);
        return command.includes('reload') && name === fails
          ? Promise.reject(new Error(`${name}: busy`))
          : Promise.resolve();
      },
    };
  }
  const program = 'sudo -n /usr/bin/python3 /usr/local/lib/emqx-haproxy broker.restore';

  it('imports once, then has every broker take what the stack says', async () => {
    const made = brokers();
    await restore(made, { key: "mqtt/1's.tar.gz", over: true }, () => undefined);
    expect(made.ran).toEqual([
      `emqx-1: ${program} 'mqtt/1'\\''s.tar.gz' --over`,
      'emqx-1: sudo -n systemctl reload emqx',
      'emqx-2: sudo -n systemctl reload emqx',
    ]);
  });

  it('goes on with the others where one does not take it, and says what is left to do', async () => {
    const made = brokers('emqx-1');
    await expect(restore(made, { key: 'latest', over: false }, () => undefined)).rejects.toThrow(
      /the data is restored, but .*emqx-1: busy.*systemctl reload emqx/,
    );
    expect(made.ran.at(-1)).toBe('emqx-2: sudo -n systemctl reload emqx');
  });
});
