import type { Machine } from '../../proving/stage/machine';

/** Reads what HAProxy logs as the guide has it, by syslog to the same host, and drops it. */
export const logSink = [
  'python3',
  '-c',
  `
import socket
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.bind(("127.0.0.1", 514))
while True:
    sink.recv(65536)
`,
];

/** Reads what HAProxy writes to its standard output, and drops it; words of a shell. */
export const intoReader = ['sh', '-c', `'"$@" | dd of=/dev/null bs=64k 2>/dev/null'`, 'sh'];

/** How much that has read so far. */
export async function readBytes(machine: Machine): Promise<number> {
  return Number(/^rchar: (\d+)/m.exec(await machine.run(['sh', '-c', 'cat /proc/$(pgrep -xo dd)/io']))?.[1]);
}

/** A rendered haproxy.cfg with the guide's log in place of its own: target and format, and nothing else. */
export function withGuideLog(config: string): string {
  const lines = config.split('\n');
  const changed = lines
    .filter((line) => !/^ *log-format /.test(line))
    .map((line) => (/^ *log stdout /.test(line) ? '    log 127.0.0.1 local3 info' : line))
    .flatMap((line) => (line === 'defaults' ? [line, '    option tcplog'] : [line]));
  const formats = lines.filter((line) => /^ *log-format /.test(line)).length;
  // A line in place of the target, one more in defaults, none for each format.
  if (changed.length !== lines.length - formats + 1 || !changed.includes('    log 127.0.0.1 local3 info'))
    throw new Error(
      'haproxy.cfg has no longer one `log stdout` line and one defaults section: mend withGuideLog',
    );
  return changed.join('\n');
}

/** A rendered haproxy.cfg that writes no line. */
export function withoutLog(config: string): string {
  const changed = config.replace(/^ *log stdout .*\n/m, '');
  if (changed === config) throw new Error('haproxy.cfg has no longer a `log stdout` line: mend withoutLog');
  return changed;
}

/** Lines that HAProxy could not write, by its `show info`. */
export function droppedIn(info: string): number {
  const [, dropped] = /^DroppedLogs: (\d+)/m.exec(info) ?? [];
  if (dropped === undefined) throw new Error('HAProxy does not say how many lines it dropped');
  return Number(dropped);
}
