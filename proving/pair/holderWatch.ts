import { DescribeNetworkInterfacesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { setTimeout as pause } from 'node:timers/promises';
import { labCredentials } from '../../lab/engine/environment';
import { product } from '../product';
import type { Target } from './target';

const pollMs = 50;

/** Watches which interfaces have the VIP while something happens. */
export class HolderWatch {
  readonly #client = new EC2Client({ region: product().region, ...labCredentials });
  readonly #holders: string[] = [];
  #most = 0;
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(private readonly target: Target) {
    this.#done = this.#look();
  }

  /** `holders` in turn, and the `most` that had it at one time. */
  async end(): Promise<{ readonly holders: readonly string[]; readonly most: number }> {
    this.#isOver = true;
    await this.#done;
    this.#client.destroy();
    return { holders: this.#holders, most: this.#most };
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
