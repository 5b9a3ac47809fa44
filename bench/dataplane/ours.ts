import { balancerFiles } from '../../components/balancers/files';
import type { BalancerView } from '../../components/balancers/view';
import type { Listener } from '../../components/listeners/listener';
import { Balancer } from '../../proving/stage/balancer';
import { brokerAddresses } from '../../proving/stage/brokers';
import { quickChecks } from '../../proving/stage/stage';
import { balancerView, listener } from '../../proving/views';
import { brokerPort } from './brokers';
import type { Contestant, ContestantName, ContestantOptions } from './contestant';
import type { Site } from './site';
import type { System } from './systems';
import { droppedIn, intoReader, logSink, readBytes, withGuideLog, withoutLog } from './guideLog';
import { intoJournal, journalMicroseconds, startJournal } from './journal';
import { countSystemCalls } from './systemCalls';
import { tuneMachine } from './tuning';
import { memoryBytes, processorMicroseconds } from './usage';

const program = 'haproxy';

interface OurOptions extends ContestantOptions {
  /** Its own lines, the guide's in place of them, or none. */
  readonly lines: 'own' | 'guide' | 'none';
  /** Two by default, of which the second is the one with TLS. */
  readonly listenerCount?: number;
}

/** What the product renders by default, run as on a host; PROXY protocol off, since mosquitto does not read it. */
export async function startOurs(
  name: ContestantName,
  site: Site,
  system: System,
  options: OurOptions,
): Promise<Contestant> {
  const addresses = Array.from({ length: options.pair ? 2 : 1 }, () => site.newAddress());
  const balancers = await Promise.all(
    addresses.map((address) => startBalancer(site, viewOf(site, system, address, options), system, options)),
  );
  const [first] = balancers;
  if (first === undefined) throw new Error('unreachable: there is at least one balancer');
  const sum = async (figure: typeof memoryBytes) =>
    (await Promise.all(balancers.map(({ machine }) => figure(machine, program)))).reduce((a, b) => a + b, 0);
  return {
    name,
    target: (kind, index = 0) => ({
      hosts: [addresses[index] ?? ''],
      port: listener(kind === 'mqtt' ? 'mqtt' : 'mqtts').port,
      ...(kind !== 'mqtt' && { tls: site.clientTls(kind === 'mutual') }),
    }),
    processorMicroseconds: () => sum(processorMicroseconds),
    memoryBytes: () => sum(memoryBytes),
    journalMicroseconds: () =>
      options.journal === true ? journalMicroseconds(first.machine) : Promise.resolve(null),
    droppedLines: async () => droppedIn(await first.ask('show info')),
    systemCalls: (work) => countSystemCalls(first.machine, program, work),
    loggedBytes: () => readBytes(first.machine),
    countedRefusals: async () =>
      [...(await first.ask('show table refusals_mqtt')).matchAll(/ gpc0=(\d+)/g)].reduce(
        (count, [, refused]) => count + Number(refused),
        0,
      ),
    reload: () => first.reload(),
    formerWorkers: async () => (await first.workers()).old.length,
    allBrokersUp: async () => {
      for (const index of brokerAddresses.keys()) await first.sees(/^UP$/, `emqx-${index + 1}`);
    },
    stop: async () => {
      await Promise.all(balancers.map((balancer) => balancer.stop()));
    },
  };
}

async function startBalancer(
  site: Site,
  view: BalancerView,
  system: System,
  { watched, lines, journal }: OurOptions,
): Promise<Balancer> {
  const balancer = await Balancer.start({
    layers: site.layersOf(system),
    network: site.network,
    view,
    serverKey: site.certificates.key,
    watched,
    log: journal === true ? { prepare: startJournal, by: intoJournal } : { by: intoReader },
  });
  await tuneMachine(balancer.machine);
  if (lines !== 'own') {
    if (lines === 'guide') balancer.machine.start(logSink);
    const file = balancerFiles(view).find(({ path }) => path === '/etc/haproxy/haproxy.cfg');
    if (file === undefined) throw new Error('the rendered files have no haproxy.cfg');
    await balancer.machine.write(
      file.path,
      (lines === 'guide' ? withGuideLog : withoutLog)(file.content),
      file.mode,
    );
    await balancer.reload();
  }
  await balancer.sees(/^UP$/, `emqx-${brokerAddresses.length}`);
  return balancer;
}

function viewOf(
  site: Site,
  system: System,
  address: string,
  { tls, tableEntries, listenerCount = 2 }: OurOptions,
): BalancerView {
  const clients: Partial<Listener> = {
    ...{ maxConnections: 9_000, brokerPort },
    ...(tableEntries !== undefined && {
      balancing: { method: 'clientIdTable', entries: tableEntries, expireSeconds: 1_800, keyLength: 128 },
    }),
  };
  const clientCertificates = { verify: 'required', ca: site.clientAuthority, identity: 'none' } as const;
  return balancerView({
    ...{ address, operatingSystem: system.os, haproxyVersion: system.haproxyVersion },
    // Nobody answers for the other one, as while it is away.
    pair: [
      { name: 'balancer-a', address },
      { name: 'balancer-b', address: '192.0.2.9' },
    ],
    brokers: brokerAddresses.map((broker, index) => ({
      ...{ name: `emqx-${index + 1}`, address: broker, id: index + 1, weight: 100 },
    })),
    listeners: [
      listener('mqtt', clients),
      listener('mqtts', { ...clients, ...(tls === 'mutual' && { clientCertificates }) }),
      // Of half of a fleet's kinds each.
      ...Array.from({ length: 10 }, (_, index) =>
        listener(index % 2 === 0 ? 'mqtt' : 'mqtts', {
          ...{ ...clients, name: `fleet-${index + 1}`, port: 20_001 + index },
        }),
      ),
    ].slice(0, listenerCount),
    proxyProtocol: false,
    tls: {
      minVersion: 'TLSv1.2',
      certificateChain: site.certificates.certificate,
      ticketLifetimeSeconds: 86_400,
    },
    healthCheck: quickChecks,
    // What fits into 20,000 file descriptors, which is all that a test host may give.
    limits: {
      maxConnections: 9_500,
      fileDescriptors: 20_000,
      localPortRange: [1025, 65535],
      reservedPorts: [1883, 8883, 8888, 10000],
    },
  });
}
