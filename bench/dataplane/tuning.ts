import type { Machine } from '../../proving/stage/machine';
import { run } from '../../lab/process';

/** Kernel settings for many short connections, as the product's hosts have; the same for every contestant. */
const settings = [
  'net.ipv4.ip_local_port_range=1025 65535',
  'net.ipv4.tcp_tw_reuse=1',
  'net.core.somaxconn=32768',
];

export async function tuneMachine(machine: Machine): Promise<void> {
  await machine.run(['sysctl', '--quiet', '--write', ...settings]);
}

/** The same for the network that the clients are in. */
export async function tuneClients(): Promise<void> {
  await run('sysctl', ['--quiet', '--write', ...settings]);
}
