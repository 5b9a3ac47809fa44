import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../lab/process';
import { makeCertificates } from '../../proving/certificates';
import { ensureCheckImage } from '../../proving/checkImage';
import { Balancer } from '../../proving/stage/balancer';
import { brokerAddresses } from '../../proving/stage/brokers';
import { eventually } from '../../proving/stage/eventually';
import { Machine } from '../../proving/stage/machine';
import { startNetwork, stopNetwork } from '../../proving/stage/network';
import { quickChecks } from '../../proving/stage/stage';
import { balancerView, listener } from '../../proving/views';
import { repositoryRoot } from '../../proving/product';
import { systems } from '../dataplane/systems';
import { tuneClients, tuneMachine } from '../dataplane/tuning';
import { processorMicroseconds } from '../dataplane/usage';
import type { ClientsOrder, ClientsReport } from './clients';
import { devices, limit, measuredSeconds, pauseMs, rightEveryMs, settlingSeconds } from './conditions';
import type { Phase, PhaseName } from './report';

const address = '192.0.2.21';
const right = { username: 'joe', password: 'right' };

/** In a network of its own: one round for each HAProxy, as JSON on standard output. */
async function main(): Promise<void> {
  const network = await startNetwork();
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    await tuneClients();
    const passwords = join(folder, 'passwords');
    await run('mosquitto_passwd', ['-b', '-c', passwords, right.username, right.password]);
    const brokers = await Promise.all(brokerAddresses.map((each) => startBroker(network, each, passwords)));
    const phases: Phase[] = [];
    for (const system of Object.values(systems)) {
      for (const name of ['quiet', 'storm', 'limited'] as const) {
        process.stderr.write(`  HAProxy ${system.haproxyVersion}, ${name}\n`);
        const balancer = await startBalancer(network, system, name === 'limited');
        phases.push({ haproxy: system.haproxyVersion, name, ...(await measured(brokers, name)) });
        await balancer.stop();
      }
    }
    await Promise.all(brokers.map((broker) => broker.stop()));
    process.stdout.write(JSON.stringify(phases));
  } finally {
    await stopNetwork(network);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The brokers do not read PROXY protocol. */
async function startBalancer(
  network: Machine,
  { os, haproxyVersion }: (typeof systems)[keyof typeof systems],
  isLimited: boolean,
): Promise<Balancer> {
  const certificates = await makeCertificates();
  const limited = isLimited ? { failedLogins: limit } : {};
  const view = balancerView({
    ...{ address, operatingSystem: os, haproxyVersion, proxyProtocol: false, healthCheck: quickChecks },
    brokers: brokerAddresses.map((broker, index) => ({
      ...{ name: `emqx-${index + 1}`, address: broker, id: index + 1, weight: 100 },
    })),
    listeners: [listener('mqtt', { maxConnections: 9_000, ...limited })],
    tls: { minVersion: 'TLSv1.2', certificateChain: certificates.certificate, ticketLifetimeSeconds: 86_400 },
    limits: {
      ...{ maxConnections: 9_500, fileDescriptors: 20_000 },
      ...{ localPortRange: [1025, 65535], reservedPorts: [1883, 8883, 8888, 10000] },
    },
  });
  const layers = await ensureCheckImage(os);
  const balancer = await Balancer.start({ layers, network, view, serverKey: certificates.key });
  await tuneMachine(balancer.machine);
  await balancer.sees(/^UP$/, 'emqx-3');
  return balancer;
}

async function startBroker(network: Machine, brokerAddress: string, passwords: string): Promise<Machine> {
  const machine = await Machine.start();
  await machine.connect(brokerAddress, network);
  await tuneMachine(machine);
  const configuration = `listener 1883 0.0.0.0\nuser root\npassword_file ${passwords}\nlog_dest none\nsys_interval 0\n`;
  machine.start(['sh', '-c', 'printf "%s" "$1" | exec mosquitto -c /dev/stdin', 'sh', configuration]);
  machine.start([
    process.execPath,
    '--import',
    tsx,
    join(__dirname, '../../proving/stage/brokerSide.ts'),
    '',
  ]);
  const reaching =
    'import socket\nfor port in (1883, 18083, 18084): socket.create_connection(("127.0.0.1", port), 1)';
  await eventually(() => machine.run(['python3', '-c', reaching]), { timeoutMs: 15_000 });
  return machine;
}

async function measured(
  brokers: readonly Machine[],
  name: PhaseName,
): Promise<Omit<Phase, 'haproxy' | 'name'>> {
  const target = { host: address, port: 1883 };
  const good = clients({ ...target, login: right, load: { everyMs: rightEveryMs } });
  const wrong = { username: right.username, password: 'wrong' };
  const bad = name === 'quiet' ? [] : [clients({ ...target, login: wrong, load: { devices, pauseMs } })];
  await sleep(settlingSeconds * 1_000);
  await Promise.all([good, ...bad].map(report));
  const cpuBefore = await brokerCpu(brokers);
  await sleep(measuredSeconds * 1_000);
  const [rightOnes, wrongOnes] = await Promise.all([report(good), ...bad.map(report)]);
  const brokerMilliseconds = ((await brokerCpu(brokers)) - cpuBefore) / 1_000;
  for (const each of [good, ...bad]) each.kill('SIGKILL');
  const ms = [...rightOnes.acceptedMs].sort((a, b) => a - b);
  const at = (share: number) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? NaN;
  return {
    right: { served: ms.length, notServed: rightOnes.closed + rightOnes.refusedByBroker },
    ...{ p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1) },
    wrong: { byBroker: wrongOnes?.refusedByBroker ?? 0, byBalancer: wrongOnes?.closed ?? 0 },
    brokerMilliseconds,
  };
}

async function brokerCpu(brokers: readonly Machine[]): Promise<number> {
  const all = await Promise.all(brokers.map((broker) => processorMicroseconds(broker, 'mosquitto')));
  return all.reduce((sum, each) => sum + each, 0);
}

const tsx = join(repositoryRoot, 'node_modules', 'tsx', 'dist', 'loader.mjs');

function clients(order: ClientsOrder): ChildProcess {
  const argv = ['--import', tsx, join(__dirname, 'clients.ts'), JSON.stringify(order)];
  return spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** What its clients met since the last report. */
async function report(child: ChildProcess): Promise<ClientsReport> {
  let text = '';
  child.stdin?.write('\n');
  while (!text.endsWith('\n')) text += String((await once(child.stdout ?? child, 'data'))[0]);
  return JSON.parse(text) as ClientsReport;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
