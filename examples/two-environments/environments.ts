// Outside this checkout: from 'emqx-haproxy'.
import type { MqttPlatformArgs } from '../../components';

/** What every environment has: a rule that is tried in one holds in the other. */
const base = {
  listeners: { mqtts: { rateLimit: { connectionsPerSource: 20 } } },
  emqx: {
    authentication: [{ users: { device: {} } }],
    authorization: { rules: [{ permission: 'allow', topics: ['${username}/#'] }] },
  },
} satisfies Partial<MqttPlatformArgs>;

/** What differs, and nothing else; a stack is named after its environment. */
const environments = {
  dev: {
    ...base,
    ssh: { allowedCidrs: ['198.51.100.7/32'] },
    emqx: { ...base.emqx, brokers: 1, instanceType: 't3.small' },
    haproxy: { instanceType: 't3.micro' },
    tags: { environment: 'dev' },
  },
  prod: {
    ...base,
    protect: true,
    network: { cidr: '10.30.0.0/16', zoneCount: 3, nat: 'perZone' },
    elasticIpQuota: 6,
    ssh: { allowedCidrs: ['198.51.100.8/32'] },
    listeners: { mqtts: { ...base.listeners.mqtts, maxConnections: 100_000 } },
    emqx: { ...base.emqx, brokers: 3, instanceType: 'm6i.xlarge', dataVolumeGib: 50 },
    haproxy: { instanceType: 'c6i.xlarge' },
    tags: { environment: 'prod' },
  },
} satisfies Record<string, MqttPlatformArgs>;

/** The arguments of an environment; another name is refused before anything is made. */
export function environment(name: string): MqttPlatformArgs {
  const found = Object.entries<MqttPlatformArgs>(environments).find(([known]) => known === name);
  if (found === undefined)
    throw new Error(`the stack is named ${name}; there are ${Object.keys(environments).join(', ')}`);
  return found[1];
}
