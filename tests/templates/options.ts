import type { BalancerView } from '../../components/balancers/view';
import type { Balancing } from '../../components/listeners/balancing';
import type { ClientCertificates, Listener, ListenerTls } from '../../components/listeners/listener';
import { listener } from '../../proving/views';
import type { Certificates } from '../../proving/certificates';

export interface Case {
  readonly description: string;
  readonly changes: Partial<BalancerView>;
}

/** All four listeners with every option that each can have. */
export function everything(certificates: Certificates): Partial<BalancerView> {
  const last = optionsOf(certificates).map((options) => options.length - 1);
  return build(optionsOf(certificates), last).changes;
}

/** Sets of options in which every two values of different options meet at least once. */
export function pairwiseListeners(certificates: Certificates): Case[] {
  const options = optionsOf(certificates);
  const due = new Set<string>();
  eachPair(options, (pair) => due.add(pair));
  const cases: Case[] = [];
  for (const choice of everyChoice(options)) {
    const met = pairsOf(choice).filter((pair) => due.has(pair));
    if (met.length === 0) continue;
    met.forEach((pair) => due.delete(pair));
    cases.push(build(options, choice));
  }
  return cases;
}

interface Option {
  readonly name: string;
  readonly listener: Partial<Listener>;
  readonly view?: Partial<BalancerView>;
}

/** Each inner list is one dimension. */
function optionsOf({ ca, crl, certificate }: Certificates): readonly (readonly Option[])[] {
  const plain = (name: string, changes: Partial<Listener>, view: Partial<BalancerView> = {}): Option => ({
    name,
    listener: changes,
    view,
  });
  const balancings: Balancing[] = [
    { method: 'roundRobin' },
    { method: 'leastConnections', slowStartSeconds: 30 },
    { method: 'sourceAddress' },
    { method: 'clientIdTable', entries: 1_000, expireSeconds: 60, keyLength: 64 },
    { method: 'clientId' },
  ];
  const certificates = (changes: Partial<ClientCertificates>): Partial<Listener> => ({
    clientCertificates: { verify: 'required', ca, identity: 'none', ...changes },
  });
  return [
    balancings.map((balancing) => plain(balancing.method, { balancing })),
    [
      plain('no client certificates', {}),
      plain('optional, ended CRL kept', certificates({ verify: 'optional', crl, keepsEndedLists: true })),
      plain('required', certificates({})),
      plain('required with CRL', certificates({ crl })),
    ],
    [plain('no PROXY', {}, { proxyProtocol: false }), plain('PROXY', {}, { proxyProtocol: true })],
    [
      plain('no rate limit', {}),
      plain('rate limit', { rateLimit: { connectionsPerSource: 9, periodSeconds: 10, sparedCidrs: [] } }),
      plain('spared, behind a load balancer', {
        rateLimit: { connectionsPerSource: 9, periodSeconds: 10, sparedCidrs: ['10.1.0.0/16'] },
        acceptProxy: ['10.9.0.0/24'],
      }),
    ],
    [
      plain('one broker port', {}),
      plain('further broker ports', { furtherBrokerPorts: { first: 20_001, count: 3 } }),
    ],
    [
      plain('open', {}),
      plain('ranges at the virtual IP, failed logins limited', {
        ...{ allowedCidrs: ['10.0.0.0/8'], onlyAtVirtualIp: true },
        failedLogins: { perLogin: 5, perSource: 50, periodSeconds: 60 },
      }),
    ],
    [plain('common TLS', {}), plain('TLS of its own', { tls: ownTls, passesUnknown: true })],
    [
      plain('dashboard by SSH', {}),
      plain('dashboard, brokers by TLS', {}, {
        dashboard: { port: 18_083, allowedCidrs: ['10.0.0.0/8', ...many((index) => `192.0.2.${index}/32`)] },
        brokerTls: { ca, certificate, name: 'brokers.demo' },
      }),
    ],
    [plain('long keepalive logged', {}), plain('refused', {}, { refuseLongKeepalive: true, largestConnectBytes: 40_000 })],
  ];
}

/** More than a line of HAProxy's has words. */
function many(text: (index: number) => string): string[] {
  return Array.from({ length: 70 }, (_, index) => text(index + 1));
}

const ownTls: ListenerTls = {
  minVersion: 'TLSv1.3',
  suites: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA256'],
  suites13: ['TLS_AES_128_GCM_SHA256'],
  curves: ['P-256', 'X25519'],
  withoutTickets: true,
  certificates: [0],
};

function build(options: readonly (readonly Option[])[], choice: readonly number[]): Case {
  const chosen = choice.flatMap((index, dimension) => options[dimension]?.[index] ?? []);
  const changes = chosen.reduce<Partial<Listener>>((all, option) => ({ ...all, ...option.listener }), {});
  const view = chosen.reduce<Partial<BalancerView>>((all, option) => ({ ...all, ...option.view }), {});
  const { clientCertificates, balancing, failedLogins, tls: own, ...common } = changes;
  const logins = failedLogins === undefined ? {} : { failedLogins };
  const tls = {
    ...(clientCertificates === undefined ? {} : { clientCertificates }),
    ...(own === undefined ? {} : { tls: own }),
  };
  const byClient = balancing === undefined ? {} : { balancing };
  const seen = balancing?.method.startsWith('clientId') === true ? {} : byClient;
  return {
    description: chosen.map((option) => option.name).join(', '),
    changes: {
      ...view,
      listeners: [
        listener('mqtt', { ...common, ...byClient, ...logins }),
        listener('mqtts', { ...common, ...byClient, ...logins, ...tls }),
        listener('ws', { ...common, ...seen, furtherPaths: many((index) => `/line-${index}`) }),
        listener('wss', { ...common, ...seen, ...tls }),
      ],
    },
  };
}

function* everyChoice(options: readonly (readonly Option[])[]): Generator<number[]> {
  const [first, ...rest] = options;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const tail of everyChoice(rest)) for (const index of first.keys()) yield [index, ...tail];
}

function pairsOf(choice: readonly number[]): string[] {
  return choice.flatMap((a, i) => choice.slice(i + 1).map((b, j) => `${i}:${a} ${i + 1 + j}:${b}`));
}

function eachPair(options: readonly (readonly Option[])[], visit: (pair: string) => void): void {
  for (const choice of everyChoice(options)) pairsOf(choice).forEach(visit);
}
