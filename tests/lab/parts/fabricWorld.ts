import {
  igwNamespace,
  interfaceNamespace,
  namespacePath,
  routerNamespace,
} from '../../../lab/fabric/addresses';
import { createFabric, lowerBase, raiseBase, type LabFabric } from '../../../lab/fabric';
import type { Vpc } from '../../../lab/model';
import { run } from '../../../lab/process';
import { FabricHost } from './fabricHost';
import { at, everything, exampleVpc, interfaceIdOf, ports, withGroup } from './fabricVpc';

/** The protocol that Keepalived speaks. */
export const vrrp = 112;
const names = ['a', 'b', 'c', 'd'] as const;
export type Name = (typeof names)[number];

/** The example VPC as a real network, with a program on every host of it, on the runner and in the region. */
export class FabricWorld {
  private constructor(
    public fabric: LabFabric,
    readonly hosts: Readonly<Record<Name, FabricHost>>,
    readonly runner: FabricHost,
    readonly region: FabricHost,
  ) {}

  static async raise(): Promise<FabricWorld> {
    await lowerBase();
    await raiseBase();
    const fabric = createFabric();
    await fabric.apply(exampleVpc());
    const hostOf = (name: Name) => new FabricHost(name, namespaceOf(name));
    const hosts = { a: hostOf('a'), b: hostOf('b'), c: hostOf('c'), d: hostOf('d') };
    const region = new FabricHost('region', igwNamespace);
    await Promise.all([
      ...Object.values(hosts).flatMap((host) => Object.values(ports).map((port) => host.serveTcp(port))),
      ...[4566, 443, 8169].map((port) => region.serveTcp(port)),
      region.serveUdp(8053),
      hosts.b.serveProtocol(vrrp),
    ]);
    return new FabricWorld(fabric, hosts, new FabricHost('runner'), region);
  }

  /** As it was raised, without what a former test has left. */
  async renew(): Promise<void> {
    this.fabric.setMoveBehaviour({ delayMs: 0, lingerMs: 0 });
    await this.fabric.apply(exampleVpc());
    for (const name of names) {
      await this.fabric.uncut(interfaceIdOf(name));
      await this.fabric.renew(interfaceIdOf(name));
    }
    await takeSecondaryAddress('a', at.vipOfA);
    await takeSecondaryAddress('b', at.vipOfB);
    // A connection that a former test's rules allowed would go on in this one.
    await run('nsenter', [`--net=${namespacePath(routerNamespace)}`, 'conntrack', '-F']);
  }

  /** As when the lab's daemon is started anew: the network stays. */
  async restartFabric(): Promise<void> {
    await this.fabric.close();
    this.fabric = createFabric();
    await this.fabric.apply(exampleVpc());
  }

  async lower(): Promise<void> {
    const { hosts, runner, region } = this;
    await Promise.all([...Object.values(hosts), runner, region].map((host) => host.close()));
    await this.fabric.close();
    await lowerBase();
  }
}

export function namespaceOf(name: string): string {
  return interfaceNamespace(interfaceIdOf(name));
}

export function withVrrpAllowed(vpc: Vpc): Vpc {
  const rule = { protocol: String(vrrp), fromPort: -1, toPort: -1, peer: { groupId: 'sg-balancers' } };
  return withGroup(vpc, 'sg-balancers', { ingress: [rule], egress: [everything] });
}

/** Adds the address to the host's interface, whatever the API says. */
export async function takeSecondaryAddress(name: Name, address: string): Promise<void> {
  await run('ip', ['-n', namespaceOf(name), 'address', 'replace', `${address}/32`, 'dev', 'ens5']);
}
