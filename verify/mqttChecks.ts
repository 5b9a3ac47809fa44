import type { MqttClient } from 'mqtt';
import { z } from 'zod';
import { type Result, Unexpected, Warning, check, eventually } from './checks';
import { program } from './program';
import { type Hosts } from './hosts';
import type { Outputs } from './outputs';
import { type Identity, allowedTopic } from './permissions';
import { type Dial, type ProtocolVersion, connectClient, deliver, protocolNames } from './mqttClients';
import { quote } from './ssh';

const clientsPerEndpoint = 30;
const versions: readonly ProtocolVersion[] = [4, 5];
const deliveryMs = 5_000;
const listMs = 5_000;
const whereaboutsMs = 20_000;

/** Clients by broker name, for each endpoint and version of the protocol. */
export type Spread = readonly {
  readonly group: string;
  readonly clients: Readonly<Record<string, number>>;
}[];

interface Group {
  readonly name: string;
  readonly identity: Identity;
  readonly clients: Map<string, MqttClient>;
}

/** Clients through every endpoint, where they came to sit, and messages between brokers. */
export async function checkMqtt(
  endpoints: Readonly<Record<string, Dial>>,
  outputs: Outputs,
  hosts: Hosts,
  run: string,
): Promise<{ readonly results: readonly Result[]; readonly spread: Spread }> {
  const groups: Group[] = Object.entries(endpoints).flatMap(([endpoint, { provenName }]) =>
    versions.map((version) => ({
      identity: { username: provenName },
      name: `${endpoint} over ${protocolNames[version]}`,
      clients: new Map<string, MqttClient>(),
    })),
  );
  try {
    const results = await Promise.all(
      Object.entries(endpoints).flatMap(([endpoint, dial], e) =>
        versions.map((version, v) => {
          const group = groups[e * versions.length + v];
          if (group === undefined) throw new Error('a group per endpoint and version');
          return check(`${group.name}: ${clientsPerEndpoint} clients connect`, () =>
            connectAll(group, dial, version, `vfy-${run}-${endpoint}${version}`),
          );
        }),
      ),
    );
    let spread: Spread = [];
    let brokerOf = new Map<string, string>();
    const located = await check('spread: every client is on a broker', async () => {
      const wanted = groups.flatMap(({ clients }) => [...clients.keys()]);
      brokerOf = await eventually(listMs, 200, () => locate(outputs, hosts, wanted));
      spread = groups.map(({ name, clients }) => ({
        group: name,
        clients: count(clients.keys(), brokerOf, hosts.brokers),
      }));
      return describeSpread(brokerOf, hosts);
    });
    const delivered = await Promise.all(
      groups.map((group) =>
        check(`${group.name}: QoS 0, 1 and 2 from one broker to another`, () =>
          deliverAcross(group, outputs.access, brokerOf, hosts.brokers.length, run),
        ),
      ),
    );
    return { results: [...results, located, ...delivered], spread };
  } finally {
    const all = groups.flatMap(({ clients }) => [...clients.values()]);
    await Promise.allSettled(all.map((client) => client.endAsync(true)));
  }
}

async function connectAll(
  group: Group,
  dial: Dial,
  version: ProtocolVersion,
  prefix: string,
): Promise<string> {
  const ids = Array.from({ length: clientsPerEndpoint }, (_, i) => `${prefix}-${String(i).padStart(2, '0')}`);
  const outcomes = await Promise.allSettled(
    ids.map(async (id) => group.clients.set(id, await connectClient(dial, version, id))),
  );
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
  const [first] = failures;
  if (first?.reason instanceof Warning) throw first.reason;
  if (first !== undefined) {
    throw new Unexpected(
      `${ids.length} clients through ${dial.url}`,
      `${ids.length - failures.length}, and ${String(first.reason)}`,
    );
  }
  return dial.url;
}

/** Broker name by client id: each is looked up by itself, since a list of all would cost the brokers dearly. */
async function locate(
  outputs: Outputs,
  hosts: Hosts,
  wanted: readonly string[],
): Promise<Map<string, string>> {
  const [asked] = hosts.brokers;
  if (asked === undefined) throw new Error('no broker answers');
  const text = await hosts.ssh.run(
    asked,
    `${program('broker.whereabouts')} ${wanted.map(quote).join(' ')}`,
    whereaboutsMs,
  );
  const nodes = whereabouts.parse(JSON.parse(text));
  const brokers = new Map(outputs.brokers.map(({ name, nodeName }) => [nodeName, name]));
  const missing = wanted.filter((id) => nodes[id] === undefined);
  if (missing.length > 0) {
    throw new Unexpected(
      `${wanted.length} clients on the brokers`,
      `${missing.length} on none, such as ${String(missing[0])}`,
    );
  }
  return new Map(wanted.map((id) => [id, brokers.get(nodes[id] ?? '') ?? nodes[id] ?? '']));
}

const whereabouts = z.record(z.string(), z.string());

function describeSpread(brokerOf: ReadonlyMap<string, string>, hosts: Hosts): string {
  return Object.entries(count(brokerOf.keys(), brokerOf, hosts.brokers))
    .map(([broker, clients]) => `${broker} ${clients}`)
    .join(', ');
}

function count(
  ids: Iterable<string>,
  brokerOf: ReadonlyMap<string, string>,
  brokers: readonly string[],
): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(brokers.map((broker) => [broker, 0]));
  for (const id of ids) {
    const broker = brokerOf.get(id);
    if (broker !== undefined) counts[broker] = (counts[broker] ?? 0) + 1;
  }
  return counts;
}

async function deliverAcross(
  group: Group,
  access: Outputs['access'],
  brokerOf: ReadonlyMap<string, string>,
  brokers: number,
  run: string,
): Promise<string> {
  if (group.clients.size === 0) throw new Warning('not checked: no client is connected');
  const [from, to] = pairAcross([...group.clients.keys()], brokerOf, brokers);
  const publisher = group.clients.get(from);
  const subscriber = group.clients.get(to);
  if (publisher === undefined || subscriber === undefined) throw new Error('a pair of connected clients');
  for (const qos of [0, 1, 2] as const) {
    const topic = allowedTopic(access, group.identity, `emqx-haproxy/verify/${run}/${from}/${qos}`);
    if (topic === undefined)
      throw new Warning('not checked: no rule lets this client both publish and subscribe to a topic');
    const arrived = await deliver(publisher, subscriber, topic, qos, deliveryMs);
    if (arrived !== qos) throw new Unexpected(`a message of QoS ${qos}`, `QoS ${arrived}`);
  }
  return `${brokerOf.get(from) ?? ''} to ${brokerOf.get(to) ?? ''}`;
}

/** Two clients on different brokers; with a single broker, any two. Where all came to one, that is no fault of it. */
export function pairAcross(
  ids: readonly string[],
  brokerOf: ReadonlyMap<string, string>,
  brokers: number,
): readonly [string, string] {
  if (brokerOf.size === 0) throw new Warning('not checked: nobody says on which brokers the clients are');
  const single = brokers === 1;
  if (!single && ids.length > 1 && new Set(ids.map((id) => brokerOf.get(id))).size === 1)
    throw new Warning(
      `not checked: the balancers sent all ${ids.length} clients to ${brokerOf.get(ids[0] ?? '') ?? ''}`,
    );
  const [first] = ids;
  const other = ids.find((id) => id !== first && (single || brokerOf.get(id) !== brokerOf.get(first ?? '')));
  if (first === undefined || other === undefined || !brokerOf.has(first)) {
    throw new Unexpected('two clients on different brokers', `${ids.length} clients, none such among them`);
  }
  return [first, other];
}
