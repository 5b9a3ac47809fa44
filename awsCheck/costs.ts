import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { planPlatform } from '../components';
import { balancerPrograms } from '../components/balancers/files';
import { defaultInstanceType as balancerType } from '../components/balancers/limits';
import { brokerPrograms } from '../components/brokers/files';
import { defaultInstanceType as brokerType } from '../components/brokers/limits';
import { packedPrograms } from '../components/host/programs';
import type { Configuration } from '../infra/configuration';
import { platformName } from '../infra/configuration';
import { repositoryRoot } from '../proving/product';

const schema = z.object({
  /** Year and month that the prices are of. */
  asOf: z.string(),
  region: z.string(),
  currency: z.literal('USD'),
  /** Of an hour: instances by type, a NAT gateway, a public IPv4 address. */
  hourly: z.record(z.string(), z.number()),
  /** Of a month: a GiB of a gp3 volume, a secret. */
  monthly: z.record(z.string(), z.number()),
});

export type Prices = z.infer<typeof schema>;

/** What a stack costs without its traffic, by what is paid for, in USD a month. */
export interface Costs {
  readonly items: readonly { readonly what: string; readonly monthly: number }[];
  readonly monthly: number;
  readonly hourly: number;
}

const hoursOfAMonth = 730;

export function readPrices(): Prices {
  return schema.parse(JSON.parse(readFileSync(join(repositoryRoot, 'docs', 'aws', 'prices.json'), 'utf8')));
}

/** The costs of a stack by its configuration, on demand. */
export function costsOf(configuration: Configuration, prices: Prices = readPrices()): Costs {
  const plan = planPlatform(platformName, configuration);
  const { haproxy = {}, emqx = {} } = configuration;
  const balancers = plan.pair.balancers.length;
  const brokers = plan.cluster.brokers.length;
  const instance = (type: string, count: number) => ({
    what: `${count} ${type}`,
    monthly: count * price(prices.hourly, type) * hoursOfAMonth,
  });
  const nat = plan.network.natGatewayCount;
  const addresses = plan.elasticIps.virtualIp + plan.elasticIps.balancers + plan.elasticIps.natGateways;
  const { cluster, pair } = plan;
  const gib =
    balancers * pair.machine.rootVolumeGib +
    brokers * (cluster.machine.rootVolumeGib + cluster.dataVolumeGib);
  // One for each host, the balancers' and the brokers' own, and their programs.
  const programs = [balancerPrograms(pair.limits), brokerPrograms()].flatMap(packedPrograms);
  const secrets = balancers + brokers + 2 + programs.length;
  const items = [
    instance(haproxy.instanceType ?? balancerType, balancers),
    instance(emqx.instanceType ?? brokerType, brokers),
    { what: `${nat} NAT`, monthly: nat * price(prices.hourly, 'natGateway') * hoursOfAMonth },
    {
      what: `${addresses} addresses`,
      monthly: addresses * price(prices.hourly, 'publicAddress') * hoursOfAMonth,
    },
    { what: `${gib} GiB gp3`, monthly: gib * price(prices.monthly, 'gp3Gib') },
    { what: `${secrets} secrets`, monthly: secrets * price(prices.monthly, 'secret') },
  ];
  const monthly = items.reduce((sum, item) => sum + item.monthly, 0);
  return { items, monthly, hourly: monthly / hoursOfAMonth };
}

function price(of: Readonly<Record<string, number>>, name: string): number {
  const known = of[name];
  if (known === undefined)
    throw new Error(`docs/aws/prices.json has no price of ${name}; it has ${Object.keys(of).join(', ')}`);
  return known;
}
