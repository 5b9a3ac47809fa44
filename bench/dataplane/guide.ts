import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../proving/stage/eventually';
import { Machine } from '../../proving/stage/machine';
import type { Contestant, ContestantName, ContestantOptions } from './contestant';
import { droppedIn, logSink } from './guideLog';
import { intoJournal, journalMicroseconds, startJournal } from './journal';
import type { Site } from './site';
import type { System } from './systems';
import { countSystemCalls } from './systemCalls';
import { tuneMachine } from './tuning';
import { memoryBytes, processCount, processorMicroseconds } from './usage';

const program = 'haproxy';
const ports = { mqtt: 1883, mqtts: 8883, mutual: 8884 } as const;

/** The guide's configuration, started and reloaded as Debian's unit does. */
export async function startGuide(
  name: ContestantName,
  site: Site,
  system: System,
  { pair, journal }: ContestantOptions,
): Promise<Contestant> {
  const addresses = Array.from({ length: pair ? 2 : 1 }, () => site.newAddress());
  const machines = await Promise.all(
    addresses.map((address) => startMachine(site, system, address, journal === true)),
  );
  const [first] = machines;
  if (first === undefined) throw new Error('unreachable: there is at least one balancer');
  const sum = async (figure: typeof memoryBytes) =>
    (await Promise.all(machines.map((machine) => figure(machine, program)))).reduce((a, b) => a + b, 0);
  return {
    name,
    target: (kind, index = 0) => ({
      hosts: [addresses[index] ?? ''],
      port: ports[kind],
      ...(kind !== 'mqtt' && { tls: site.clientTls(kind === 'mutual') }),
    }),
    processorMicroseconds: () => sum(processorMicroseconds),
    memoryBytes: () => sum(memoryBytes),
    journalMicroseconds: () => (journal === true ? journalMicroseconds(first) : Promise.resolve(null)),
    droppedLines: async () => droppedIn(await askMaster(first, '@1 show info')),
    systemCalls: (work) => countSystemCalls(first, program, work),
    loggedBytes: () => Promise.resolve(null),
    countedRefusals: () => Promise.resolve(null),
    reload: () => reload(first),
    // Beside the master and the worker that accepts.
    formerWorkers: async () => (await processCount(first, program)) - 2,
    // It looks at none of them.
    allBrokersUp: () => Promise.resolve(),
    stop: async () => {
      await Promise.all(machines.map((machine) => machine.stop()));
    },
  };
}

async function startMachine(
  site: Site,
  system: System,
  address: string,
  hasJournal: boolean,
): Promise<Machine> {
  const machine = await Machine.start(site.layersOf(system));
  await machine.connect(address, site.network);
  await tuneMachine(machine);
  await machine.run(['mkdir', '-p', '/run/haproxy', '/etc/haproxy/certs']);
  const { certificate, key } = site.certificates;
  await machine.write('/etc/haproxy/certs/server.pem', certificate + key, '0600');
  await machine.write('/etc/haproxy/certs/cacert.pem', site.clientAuthority);
  const config = readFileSync(join(__dirname, '..', 'guide.cfg'), 'utf8');
  const log = { bySyslog: 'log 127.0.0.1 local3 info', byOutput: 'log stdout format short local3 info' };
  await machine.write(
    '/etc/haproxy/haproxy.cfg',
    hasJournal ? config.replace(log.bySyslog, log.byOutput) : config,
  );
  if (hasJournal) await startJournal(machine);
  else machine.start(logSink);
  const argv = [
    ...(hasJournal ? intoJournal : []),
    'haproxy',
    '-Ws',
    '-f',
    '/etc/haproxy/haproxy.cfg',
    '-p',
    '/run/haproxy.pid',
    '-S',
    masterSocket,
  ];
  machine.start(argv);
  await eventually(() => runningWorker(machine), { timeoutMs: 10_000 });
  return machine;
}

async function reload(machine: Machine): Promise<void> {
  const before = await runningWorker(machine);
  await machine.run(['sh', '-c', 'kill -USR2 $(cat /run/haproxy.pid)']);
  await eventually(async () => {
    if ((await runningWorker(machine)) === before) throw new Error('still the former worker');
  });
}

/** The process id of the worker that accepts; fails while there is none. */
async function runningWorker(machine: Machine): Promise<string> {
  const listed = await askMaster(machine, 'show proc');
  const [, pid] = /^(\d+)\s+worker/m.exec(listed.split('# old workers')[0] ?? '') ?? [];
  if (pid === undefined) throw new Error('no worker runs');
  return pid;
}

async function askMaster(machine: Machine, command: string): Promise<string> {
  return machine.run(['python3', '-c', asking, masterSocket, command]);
}

const masterSocket = '/run/haproxy-master.sock';

const asking = `
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(3)
connection.connect(sys.argv[1])
connection.sendall(sys.argv[2].encode() + b"\\n")
connection.shutdown(socket.SHUT_WR)
sys.stdout.write(b"".join(iter(lambda: connection.recv(65536), b"")).decode())
`;
