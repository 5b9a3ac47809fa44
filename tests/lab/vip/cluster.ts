import { DescribeNetworkInterfacesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { setTimeout as pause } from 'node:timers/promises';
import { faults, type FaultName } from '../../../bench/failover/faults';
import { epochMs, Probes } from '../../../bench/failover/probes';
import { settled } from '../../../bench/failover/run';
import type { Target } from '../../../bench/failover/target';
import { daemonRequest } from '../../../lab/api/client';
import { fault, heal } from '../../../lab/commands/faults';
import { stackRegion } from '../../../lab/commands/pulumi';
import { labCredentials } from '../../../lab/engine/environment';

const pollMs = 50;

/** Ends every fault and waits until one balancer is active and the other ready. */
export async function allWell(target: Target) {
  await heal.run([]);
  return settled(target);
}

/** Breaks the active balancer, waits until the other one holds the VIP, and mends it. */
export async function failOver(target: Target, name: FaultName): Promise<void> {
  const pair = await settled(target);
  await faults[name].inject(target, pair);
  await holderBecomes(target, pair.standby);
  await faults[name].heal(target, pair);
  await settled(target);
}

/** Waits until EC2 sends the VIP to a balancer. */
export async function holderBecomes(target: Target, balancer: string, limitMs = 20_000): Promise<void> {
  const deadline = epochMs() + limitMs;
  while ((await target.holder()) !== balancer) {
    if (epochMs() > deadline) throw new Error(`${balancer} did not get the address within ${limitMs} ms`);
    await pause(pollMs);
  }
}

/** `npm run lab -- fault ...`. */
export async function breakIt(...args: string[]): Promise<void> {
  await fault.run(args);
}

/** How long the credentials that hosts get from now on live. */
export async function shortenCredentials(lifetimeSeconds: number): Promise<void> {
  await daemonRequest('POST', '/credentials', { lifetimeSeconds });
}

/** What vip-agent has said since a moment. */
export async function agentSaid(target: Target, balancer: string, since: number): Promise<string> {
  const from = (since / 1000).toFixed(6);
  return target.shell(balancer, `journalctl --quiet --output=cat --unit=vip-agent --since=@${from}`);
}

/** Watches the VIP while something happens: who has it, and whether new clients are served. */
export class Watch {
  readonly #client = new EC2Client({ region: stackRegion(), ...labCredentials });
  readonly #probes: Probes;
  readonly #began = epochMs();
  readonly #holders: string[] = [];
  #most = 0;
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(private readonly target: Target) {
    this.#probes = new Probes(target.host, target.port);
    this.#probes.start();
    this.#done = this.#look();
  }

  /** `holders` in turn, `most` that had it at one time, and the longest time that nobody was served. */
  async end() {
    this.#isOver = true;
    await this.#done;
    this.#probes.stop();
    this.#client.destroy();
    const outageMs = this.#probes.longestGap(this.#began, epochMs()).lengthMs;
    return { holders: this.#holders, most: this.#most, outageMs };
  }

  async #look(): Promise<void> {
    while (!this.#isOver) {
      const { NetworkInterfaces = [] } = await this.#client.send(new DescribeNetworkInterfacesCommand({}));
      const having = NetworkInterfaces.filter(({ PrivateIpAddresses = [] }) =>
        PrivateIpAddresses.some(({ Association }) => Association?.PublicIp === this.target.host),
      );
      this.#most = Math.max(this.#most, having.length);
      const [holder] = having.map(({ NetworkInterfaceId }) => NetworkInterfaceId ?? '');
      if (holder !== undefined && holder !== this.#holders.at(-1)) this.#holders.push(holder);
      await pause(pollMs);
    }
  }
}
