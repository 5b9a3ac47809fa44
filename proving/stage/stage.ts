import type { BalancerView } from '../../components/balancers/view';
import type { Listener, ListenerKind } from '../../components/listeners/listener';
import { makeCertificates, type Certificates } from '../certificates';
import { ensureCheckImage, systems, type System } from '../checkImage';
import { balancerView, listener } from '../views';
import { Balancer } from './balancer';
import { brokerAddresses, Brokers } from './brokers';
import type { Target } from './clients';
import type { Machine } from './machine';
import { startNetwork, stopNetwork } from './network';

export { systems };

const pair = [
  { name: 'haproxy-1', address: '192.0.2.21' },
  { name: 'haproxy-2', address: '192.0.2.22' },
] as const;

type Changes = (certificates: Certificates) => Partial<BalancerView>;

/** A network with three brokers and up to two balancers of one operating system. */
export class Stage {
  private constructor(
    readonly network: Machine,
    readonly brokers: Brokers,
    readonly balancers: readonly Balancer[],
    readonly certificates: Certificates,
    private readonly views: (changes: Changes) => readonly BalancerView[],
  ) {}

  static async start(system: System, changes: Changes, balancerCount: 1 | 2 = 1): Promise<Stage> {
    const layers = await ensureCheckImage(system.image);
    const certificates = await makeCertificates();
    const network = await startNetwork();
    try {
      const { ca, certificate: cert, key } = certificates;
      const brokers = await Brokers.start(network, { ca, cert, key });
      const views = (each: Changes) =>
        pair.slice(0, balancerCount).map(({ name, address }) =>
          balancerView({
            ...{ name, address, pair, operatingSystem: system.os, haproxyVersion: system.haproxyVersion },
            brokers: brokerAddresses.map((broker, index) => ({
              ...{ name: `emqx-${index + 1}`, address: broker, id: index + 1, weight: 100 },
            })),
            tls: {
              minVersion: 'TLSv1.2',
              certificateChain: certificates.certificate,
              ticketLifetimeSeconds: 3_600,
            },
            limits,
            healthCheck: patientChecks,
            ...each(certificates),
          }),
        );
      const serverKey = certificates.key;
      const balancers = await Promise.all(
        views(changes).map((view) => Balancer.start({ layers, network, view, serverKey })),
      );
      return new Stage(network, brokers, balancers, certificates, views);
    } catch (failure) {
      await stopNetwork(network);
      throw failure;
    }
  }

  /** The first balancer, or the other. */
  balancer(index = 0): Balancer {
    const found = this.balancers[index];
    if (found === undefined) throw new Error(`this stage has no balancer ${index}`);
    return found;
  }

  /** A listener as clients address it. */
  target(name: ListenerKind, index = 0): Target {
    return { host: this.balancer(index).address, port: listener(name).port };
  }

  /** Brings changed settings to all balancers. */
  async change(changes: Changes): Promise<void> {
    await Promise.all(this.views(changes).map((view, index) => this.balancer(index).reload(view)));
  }

  /** Brings changed settings that need no reload to all balancers. */
  async load(changes: Changes): Promise<void> {
    await Promise.all(this.views(changes).map((view, index) => this.balancer(index).load(view)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.balancers.map((balancer) => balancer.stop()));
    await this.brokers.stop();
    await stopNetwork(this.network);
  }
}

/** All of them on, with changes to any. */
export function listeners(changes: Partial<Record<ListenerKind, Partial<Listener>>> = {}): Listener[] {
  return (['mqtt', 'mqtts', 'ws', 'wss'] as const).map((name) =>
    listener(name, { maxConnections: 9_000, ...changes[name] }),
  );
}

/** As a platform has them by default: where a broker's failure is the subject. */
export const quickChecks = { port: 18083, intervalMs: 200, timeoutMs: 300, fall: 2, rise: 2 };

/** Elsewhere a busy test host must not pass for brokers that fail. */
const patientChecks = { ...quickChecks, timeoutMs: 5_000, fall: 10 };

/** What fits into 20,000 file descriptors, which is all that a test host may give. */
const limits: BalancerView['limits'] = {
  maxConnections: 9_500,
  fileDescriptors: 20_000,
  localPortRange: [1025, 65535],
  reservedPorts: [1883, 8083, 8084, 8883, 8888, 10000],
};
