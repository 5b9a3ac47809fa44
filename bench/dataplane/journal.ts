import { eventually } from '../../proving/stage/eventually';
import type { Machine } from '../../proving/stage/machine';
import { processorMicroseconds } from './usage';

/** Puts a program's standard output into the journal, as a unit's is. */
export const intoJournal = ['systemd-cat', '--identifier=haproxy', '--level-prefix=true'] as const;

/**
 * The image's own journald, which keeps what it is told as on a host, with the priority that the machine's files give it;
 * nothing is dropped for being too much.
 */
export async function startJournal(machine: Machine): Promise<void> {
  await machine.run(['sh', '-c', preparing]);
  const priority = (await machine.run(['sh', '-c', rendered])).trim();
  machine.start(['nice', '-n', priority, '/usr/lib/systemd/systemd-journald']);
  await eventually(() => machine.run(['test', '-S', '/run/systemd/journal/stdout']), { timeoutMs: 10_000 });
}

/** Processor time of journald so far. */
export async function journalMicroseconds(machine: Machine): Promise<number> {
  // The kernel cuts a process's name.
  return processorMicroseconds(machine, 'systemd-journal');
}

const rendered =
  'cat /etc/systemd/system/systemd-journald.service.d/*.conf 2>/dev/null | sed -n s/^Nice=//p | grep . || echo 0';

/** It asks for a tree of control groups, and would read this host's kernel's log. */
const preparing = `
set -e
mkdir -p /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/systemd/journal /etc/systemd/journald.conf.d
[ -s /etc/machine-id ] || echo 0123456789abcdef0123456789abcdef >/etc/machine-id
mkdir -p "/var/log/journal/$(cat /etc/machine-id)"
printf '[Journal]\\nRateLimitIntervalSec=0\\nReadKMsg=no\\n' >/etc/systemd/journald.conf.d/bench.conf
`;
