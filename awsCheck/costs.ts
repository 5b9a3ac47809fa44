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

/** A resource of a program in any language, as Pulumi's engine knows it. */
export interface Resource {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

interface Paid {
  readonly instances: readonly { readonly type: string; readonly count: number }[];
  readonly natGateways: number;
  readonly addresses: number;
  readonly gib: number;
  readonly secrets: number;
}

const hoursOfAMonth = 730;

export function readPrices(): Prices {
  return schema.parse(JSON.parse(readFileSync(join(repositoryRoot, 'docs', 'aws', 'prices.json'), 'utf8')));
}

/** The costs of a stack by its configuration, on demand. */
export function costsOf(configuration: Configuration, prices: Prices = readPrices()): Costs {
  const { network, cluster, pair, elasticIps } = planPlatform(platformName, configuration);
  const { haproxy = {}, emqx = {} } = configuration;
  const balancers = pair.balancers.length;
  const brokers = cluster.brokers.length;
  const instances = [
    { type: haproxy.instanceType ?? balancerType, count: balancers },
    { type: emqx.instanceType ?? brokerType, count: brokers },
  ];
  const gib =
    balancers * pair.machine.rootVolumeGib +
    brokers * (cluster.machine.rootVolumeGib + cluster.dataVolumeGib);
  // One for each host, the balancers' and the brokers' own, and their programs.
  const programs = [balancerPrograms(pair.limits), brokerPrograms()].flatMap(packedPrograms);
  const secrets = balancers + brokers + 2 + programs.length;
  const paid = {
    instances,
    natGateways: network.natGatewayCount,
    addresses: elasticIps.virtualIp + elasticIps.balancers + elasticIps.natGateways,
    gib,
    secrets,
  };
  return costs(paid, prices);
}

/** The costs of what a program makes, whatever else it makes, on demand. */
export function costsOfResources(resources: readonly Resource[], prices: Prices = readPrices()): Costs {
  const inputsOf = (type: string) =>
    resources.filter((each) => each.type === type).map(({ inputs }) => inputs);
  const instances = inputsOf('aws:ec2/instance:Instance').map((inputs) => instance.parse(inputs));
  const volumes = inputsOf('aws:ebs/volume:Volume').map((inputs) => volume.parse(inputs));
  const types = [...new Set(instances.map(({ instanceType }) => instanceType))];
  const paid = {
    instances: types
      .map((type) => ({ type, count: instances.filter(({ instanceType }) => instanceType === type).length }))
      .toSorted((one, other) => one.count - other.count),
    natGateways: inputsOf('aws:ec2/natGateway:NatGateway').length,
    addresses: inputsOf('aws:ec2/eip:Eip').length,
    gib: sum([
      ...instances.map(({ rootBlockDevice }) => rootBlockDevice.volumeSize),
      ...volumes.map(({ size }) => size),
    ]),
    secrets: inputsOf('aws:secretsmanager/secret:Secret').length,
  };
  return costs(paid, prices);
}

const instance = z.object({
  instanceType: z.string(),
  rootBlockDevice: z.object({ volumeSize: z.number() }),
});
const volume = z.object({ size: z.number() });

function costs(paid: Paid, { hourly, monthly }: Prices): Costs {
  const { natGateways, addresses, gib, secrets } = paid;
  const items = [
    ...paid.instances.map(({ type, count }) => ({
      what: `${count} ${type}`,
      monthly: count * price(hourly, type) * hoursOfAMonth,
    })),
    { what: `${natGateways} NAT`, monthly: natGateways * price(hourly, 'natGateway') * hoursOfAMonth },
    { what: `${addresses} addresses`, monthly: addresses * price(hourly, 'publicAddress') * hoursOfAMonth },
    { what: `${gib} GiB gp3`, monthly: gib * price(monthly, 'gp3Gib') },
    { what: `${secrets} secrets`, monthly: secrets * price(monthly, 'secret') },
  ].filter((item) => item.monthly > 0);
  const whole = sum(items.map((item) => item.monthly));
  return { items, monthly: whole, hourly: whole / hoursOfAMonth };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

function price(of: Readonly<Record<string, number>>, name: string): number {
  const known = of[name];
  if (known === undefined)
    throw new Error(`docs/aws/prices.json has no price of ${name}; it has ${Object.keys(of).join(', ')}`);
  return known;
}
