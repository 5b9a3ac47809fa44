import type { Cut, Fabric, MoveBehaviour, Vpc } from '../model';
import {
  hostLink,
  hostLinkPrefix,
  igwNamespace,
  interfaceNamespace,
  natLink,
  natLinkPrefix,
  routerNamespace,
} from './addresses';
import { labNamespaces } from './base';
import { forgetConnectionsScript, internetGatewayResetScript } from './internetGateway';
import { hostLinkScript, natLinkScript, removeLinkScript, renewHostScript } from './links';
import { emptyState, ipChanges, nftChanges } from './namespaceState';
import { openNft, openShell, type OpenProgram } from './openProgram';
import { planNetwork, type NetworkPlan } from './plan';
import { routerResetScript } from './router';

export interface LabFabric extends Fabric {
  /** Before a machine boots: its namespace has the primary address alone, none that a former guest left. */
  renew(interfaceId: string): Promise<void>;
  /** Ends the fabric's programs and pending moves; the network stays as it is. */
  close(): Promise<void>;
}

/** Works on the base network (`raiseBase`), from any namespace, and takes over what a former fabric has left. */
export function createFabric(): LabFabric {
  return new NamespaceFabric();
}

/** What EC2 lets take effect some time after its answer. */
type Movable = Pick<Vpc, 'elasticIps' | 'routeTables'>;

interface Programs {
  readonly routerShell: OpenProgram;
  readonly routerNft: OpenProgram;
  readonly gatewayShell: OpenProgram;
  readonly gatewayNft: OpenProgram;
}

const nothing: NetworkPlan = {
  interfaces: new Map(),
  natGateways: new Set(),
  router: emptyState,
  internetGateway: emptyState,
  holders: new Map(),
};

/** How often a namespace is looked at whose interface is gone and which a process still lives in. */
const emptyNamespaceIntervalMs = 250;

class NamespaceFabric implements LabFabric {
  #programs: Programs | undefined;
  /** What the network is; undefined when that is not known, at first and after a failure. */
  #current: NetworkPlan | undefined;
  #wanted: Vpc | undefined;
  #movable: Movable | undefined;
  #move: MoveBehaviour = { delayMs: 0, lingerMs: 0 };
  /** The elements of the router's sets that cut an interface, by its id. */
  readonly #cuts = new Map<string, Set<string>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** The timers after which connections between an Elastic IP and a former holder end. */
  readonly #lingering = new Map<string, NodeJS.Timeout>();
  #turn: Promise<unknown> = Promise.resolve();

  apply(vpc: Vpc): Promise<void> {
    return this.#inTurn(async () => {
      const movable: Movable = { elasticIps: vpc.elasticIps, routeTables: vpc.routeTables };
      this.#wanted = vpc;
      if (this.#current === undefined || this.#move.delayMs === 0) this.#movable = movable;
      else this.#after(this.#move.delayMs, () => this.#inTurn(() => this.#take(movable)));
      await this.#realize();
    });
  }

  setMoveBehaviour(behaviour: MoveBehaviour): void {
    for (const [name, value] of Object.entries(behaviour)) {
      if (Number.isFinite(value) && value >= 0) continue;
      throw new Error(`fabric: ${name} is ${String(value)}; allowed is a number of milliseconds from 0`);
    }
    this.#move = behaviour;
  }

  cut(interfaceId: string, what: Cut = 'all'): Promise<void> {
    return this.#inTurn(async () => {
      this.#known(interfaceId);
      if (typeof what === 'object') this.#known(what.from);
      const elements = cutElements(interfaceId, what);
      this.#cuts.set(interfaceId, new Set([...(this.#cuts.get(interfaceId) ?? []), ...elements]));
      await this.#open().routerNft.ask(elementStatements('add', elements));
    });
  }

  uncut(interfaceId: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#known(interfaceId);
      await this.#endCuts(interfaceId);
    });
  }

  renew(interfaceId: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#open().routerShell.ask(renewHostScript(this.#known(interfaceId)));
    });
  }

  namespaceOf(interfaceId: string): string {
    return interfaceNamespace(interfaceId);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) this.#cancel(timer);
    await this.#inTurn(() => this.#forget());
  }

  /** One change at a time, in the order of the calls. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #take(movable: Movable): Promise<void> {
    this.#movable = movable;
    await this.#realize();
  }

  /** Makes the network equal to what is wanted; a failure leaves it unknown, so that the next call starts over. */
  async #realize(): Promise<void> {
    if (this.#wanted === undefined || this.#movable === undefined) return;
    const next = planNetwork({ ...this.#wanted, ...this.#movable });
    try {
      const programs = this.#open();
      const former = this.#current ?? (await this.#reset(programs, next));
      this.#current = undefined;
      await this.#change(programs, former, next);
      this.#current = next;
    } catch (error) {
      await this.#forget();
      throw error;
    }
  }

  async #change(programs: Programs, former: NetworkPlan, next: NetworkPlan): Promise<void> {
    await askUnlessEmpty(programs.routerNft, nftChanges(former.router, next.router));
    await askUnlessEmpty(programs.routerShell, this.#linksAndRoutes(former, next));
    await askUnlessEmpty(
      programs.gatewayShell,
      ipScript(ipChanges(former.internetGateway, next.internetGateway)),
    );
    await askUnlessEmpty(programs.gatewayNft, nftChanges(former.internetGateway, next.internetGateway));
    this.#dropMovedConnections(former, next);
    for (const interfaceId of former.interfaces.keys()) {
      if (next.interfaces.has(interfaceId)) continue;
      await this.#endCuts(interfaceId);
      await this.#removeNamespace(interfaceNamespace(interfaceId));
    }
  }

  async #endCuts(interfaceId: string): Promise<void> {
    const elements = this.#cuts.get(interfaceId) ?? [];
    this.#cuts.delete(interfaceId);
    // A pair may have been cut from both ends.
    const others = new Set([...this.#cuts.values()].flatMap((each) => [...each]));
    const over = [...elements].filter((element) => !others.has(element));
    if (over.length > 0) await this.#open().routerNft.ask(elementStatements('delete', over));
  }

  /** Routes go before the links that they use, and come after them. */
  #linksAndRoutes(former: NetworkPlan, next: NetworkPlan): string {
    const { remove, make } = ipChanges(former.router, next.router);
    const goneHosts = [...former.interfaces.keys()].filter((id) => !next.interfaces.has(id));
    const goneNats = [...former.natGateways].filter((id) => !next.natGateways.has(id));
    return [
      ipScript({ remove, make: [] }),
      ...[...goneHosts.map(hostLink), ...goneNats.map(natLink)].map(removeLinkScript),
      ...[...next.interfaces]
        .filter(([id]) => !former.interfaces.has(id))
        .map(([, each]) => hostLinkScript(each)),
      ...[...next.natGateways].filter((id) => !former.natGateways.has(id)).map(natLinkScript),
      ipScript({ remove: [], make }),
    ]
      .filter((part) => part !== '')
      .join('\n');
  }

  /** From an unknown network to one that is known to be empty, but for the links of interfaces that stay. */
  async #reset(programs: Programs, next: NetworkPlan): Promise<NetworkPlan> {
    await programs.routerShell.ask(routerResetScript());
    await programs.gatewayShell.ask(internetGatewayResetScript());
    const wantedLinks = new Set([
      ...[...next.interfaces.keys()].map(hostLink),
      ...[...next.natGateways].map(natLink),
    ]);
    const strayLinks = await strayLinksOf(programs.routerShell, wantedLinks);
    await askUnlessEmpty(programs.routerShell, strayLinks.map(removeLinkScript).join('\n'));
    const wanted = new Set([
      igwNamespace,
      routerNamespace,
      ...[...next.interfaces.keys()].map(interfaceNamespace),
    ]);
    for (const namespace of labNamespaces()) {
      if (!wanted.has(namespace)) await this.#removeNamespace(namespace);
    }
    for (const [interfaceId, elements] of this.#cuts) {
      if (next.interfaces.has(interfaceId)) await programs.routerNft.ask(elementStatements('add', elements));
      else this.#cuts.delete(interfaceId);
    }
    return nothing;
  }

  /**
   * The tracked connections of a former holder end, now or after they lingered. Nobody waits for it: the kernel
   * takes 5 ms to look through its table, and the address has moved before.
   */
  #dropMovedConnections(former: NetworkPlan, next: NetworkPlan): void {
    for (const [publicIp, privateIp] of former.holders) {
      if (next.holders.get(publicIp) === privateIp) continue;
      const pair = `${publicIp} ${privateIp}`;
      this.#cancel(this.#lingering.get(pair));
      const timer = this.#after(this.#move.lingerMs, async () => {
        this.#lingering.delete(pair);
        // It may have come back meanwhile.
        if (this.#current?.holders.get(publicIp) === privateIp) return;
        await this.#open().gatewayShell.ask(forgetConnectionsScript(publicIp, privateIp));
      });
      this.#lingering.set(pair, timer);
    }
  }

  /** Its interface is gone already; the name goes when nobody lives there, unless it is wanted again by then. */
  async #removeNamespace(namespace: string): Promise<void> {
    const stillWanted = [...(this.#current?.interfaces.keys() ?? [])].some(
      (id) => interfaceNamespace(id) === namespace,
    );
    if (stillWanted || !labNamespaces().includes(namespace)) return;
    const { routerShell } = this.#open();
    const processes = await routerShell.ask(`ip netns pids ${namespace}`);
    if (processes.trim() === '') await routerShell.ask(`ip netns del ${namespace}`);
    else this.#after(emptyNamespaceIntervalMs, () => this.#inTurn(() => this.#removeNamespace(namespace)));
  }

  /** What goes wrong then has no caller to be told, so the log has to do. */
  #after(milliseconds: number, work: () => Promise<void>): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work().catch((error: unknown) => {
        console.error(error);
      });
    }, milliseconds);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: NodeJS.Timeout | undefined): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  #known(interfaceId: string) {
    const found = this.#current?.interfaces.get(interfaceId);
    if (found !== undefined) return found;
    const attached = [...(this.#current?.interfaces.keys() ?? [])].join(', ');
    throw new Error(`fabric: ${interfaceId} is not attached; attached are: ${attached || 'none'}`);
  }

  #open(): Programs {
    this.#programs ??= {
      routerShell: openShell(routerNamespace),
      routerNft: openNft(routerNamespace),
      gatewayShell: openShell(igwNamespace),
      gatewayNft: openNft(igwNamespace),
    };
    return this.#programs;
  }

  async #forget(): Promise<void> {
    const programs = this.#programs;
    this.#programs = undefined;
    this.#current = undefined;
    if (programs === undefined) return;
    await Promise.all([
      programs.routerShell.close(),
      programs.routerNft.close(),
      programs.gatewayShell.close(),
      programs.gatewayNft.close(),
    ]);
  }
}

function cutElements(interfaceId: string, what: Cut): string[] {
  const device = `"${hostLink(interfaceId)}"`;
  if (what === 'all') return ['ip', 'arp'].map((family) => `${family} vpc cut { ${device} }`);
  if (what === 'vrrp') return [`ip vpc cutVrrp { ${device} }`];
  const [first = '', second = ''] = [device, `"${hostLink(what.from)}"`].sort();
  return [`ip vpc cutPairs { ${first} . ${second}, ${second} . ${first} }`];
}

function elementStatements(verb: 'add' | 'delete', elements: Iterable<string>): string {
  return [...elements].map((element) => `${verb} element ${element}`).join('; ');
}

async function askUnlessEmpty(program: OpenProgram, command: string): Promise<void> {
  if (command !== '') await program.ask(command);
}

function ipScript({ remove, make }: { remove: string[]; make: string[] }): string {
  const lines = [...remove, ...make];
  return lines.length === 0 ? '' : [`ip -4 -batch - <<'END'`, ...lines, 'END'].join('\n');
}

async function strayLinksOf(routerShell: OpenProgram, wanted: ReadonlySet<string>): Promise<string[]> {
  const links = JSON.parse(await routerShell.ask('ip -json link show')) as readonly {
    readonly ifname: string;
  }[];
  return links
    .map(({ ifname }) => ifname)
    .filter((name) => name.startsWith(hostLinkPrefix) || name.startsWith(natLinkPrefix))
    .filter((name) => !wanted.has(name));
}
