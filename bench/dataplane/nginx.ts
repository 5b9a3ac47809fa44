import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../proving/stage/eventually';
import { Machine } from '../../proving/stage/machine';
import type { Contestant } from './contestant';
import type { Site } from './site';
import { countSystemCalls } from './systemCalls';
import { tuneMachine } from './tuning';
import { memoryBytes, processorMicroseconds } from './usage';

const program = 'nginx';

/** nginx of this host, as a TCP proxy with least connections. It has no part in what needs a reload or a peer. */
export async function startNginx(site: Site): Promise<Contestant> {
  const address = site.newAddress();
  const machine = await Machine.start();
  await machine.connect(address, site.network);
  await tuneMachine(machine);
  // The machine shares this host's files: its own ones lie on a /tmp of its own.
  await machine.run(['mount', '-t', 'tmpfs', 'tmpfs', '/tmp']);
  const { certificate, key } = site.certificates;
  await machine.write('/tmp/server.pem', certificate + key, '0600');
  await machine.write('/tmp/nginx.conf', readFileSync(join(__dirname, 'nginx.conf'), 'utf8'));
  machine.start(['nginx', '-c', '/tmp/nginx.conf']);
  await eventually(() => machine.run(['python3', '-c', reaching]), { timeoutMs: 10_000 });
  const without = (what: string) => () =>
    Promise.reject(new Error(`nginx has no part in a measurement that needs ${what}`));
  return {
    name: 'nginx',
    target: (kind) => ({
      hosts: [address],
      port: kind === 'mqtt' ? 1883 : 8883,
      ...(kind !== 'mqtt' && { tls: site.clientTls(false) }),
    }),
    processorMicroseconds: () => processorMicroseconds(machine, program),
    memoryBytes: () => memoryBytes(machine, program),
    journalMicroseconds: () => Promise.resolve(null),
    droppedLines: () => Promise.resolve(null),
    systemCalls: (work) => countSystemCalls(machine, program, work),
    loggedBytes: () => Promise.resolve(null),
    countedRefusals: () => Promise.resolve(null),
    reload: without('reloads'),
    formerWorkers: without('reloads'),
    allBrokersUp: () => Promise.resolve(),
    stop: () => machine.stop(),
  };
}

const reaching = 'import socket; socket.create_connection(("127.0.0.1", 1883), 1).close()';
