import * as pulumi from '@pulumi/pulumi';
import type { MockCallArgs } from '@pulumi/pulumi/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { checkGrants } from '../../infra/grants';
import type { Configuration } from '../../infra/configuration';
import { refusalBy } from './accountCheck';

/** An account as the program asks it. */
interface Account {
  readonly vcpus?: number;
  readonly elasticIps?: number;
  /** Types of running instances by id; those of this stack begin with `own-`. */
  readonly running?: Readonly<Record<string, string>>;
  readonly allocated?: readonly string[];
  readonly notOffered?: readonly string[];
}

const zones = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'];
const types: Readonly<Record<string, { defaultVcpus: number; supportedArchitectures: string[] }>> = {
  't3.small': { defaultVcpus: 2, supportedArchitectures: ['x86_64'] },
  't3.medium': { defaultVcpus: 2, supportedArchitectures: ['x86_64'] },
  't4g.small': { defaultVcpus: 2, supportedArchitectures: ['arm64'] },
  'c6i.16xlarge': { defaultVcpus: 64, supportedArchitectures: ['x86_64'] },
};
const configuration = { ssh: { allowedCidrs: ['203.0.113.0/24'] } } as Configuration;

function stand({ vcpus = 32, elasticIps = 5, running = {}, allocated = [], notOffered = [] }: Account): void {
  const offered = Object.keys(types).flatMap((type) =>
    zones.filter((zone) => !notOffered.includes(`${type} ${zone}`)).map((zone) => [type, zone] as const),
  );
  const quotas: Readonly<Record<string, number>> = { 'L-1216C47A': vcpus, 'L-0263D0A3': elasticIps };
  const call = ({ token, inputs }: MockCallArgs): object => {
    const asked = inputs as Readonly<Record<string, string | undefined>>;
    switch (token.split(':').at(-1)) {
      case 'getInstances':
        return {
          ids: Object.keys(running).filter(
            (id) => asked['instanceTags'] === undefined || id.startsWith('own-'),
          ),
        };
      case 'getInstance':
        return {
          id: asked['instanceId'],
          instanceType: running[asked['instanceId'] ?? ''],
          tags: { 'emqx-haproxy:stack': 'emqx-haproxy/unit' },
        };
      case 'getInstanceType':
        return types[asked['instanceType'] ?? ''] ?? {};
      case 'getInstanceTypeOfferings':
        return {
          instanceTypes: offered.map(([type]) => type),
          locations: offered.map(([, zone]) => zone),
        };
      case 'getAvailabilityZones':
        return { names: zones };
      case 'getServiceQuota':
        return { value: quotas[asked['quotaCode'] ?? ''] };
      case 'getEips':
        return { allocationIds: allocated };
      case 'getElasticIp':
        return { tags: {} };
      default:
        throw new Error(`unexpected call of ${token}`);
    }
  };
  void pulumi.runtime.setMocks({ call, newResource: () => ({ id: '', state: {} }) }, 'emqx-haproxy', 'unit');
}

afterEach(() => pulumi.runtime.disconnect());

async function refusal(account: Account, more: object = {}): Promise<string> {
  stand(account);
  const given = { ...configuration, ...more };
  return refusalBy(checkGrants, given);
}

describe('an account', () => {
  it('that grants what is needed is taken', async () => {
    expect(await refusal({ vcpus: 10, elasticIps: 4 })).toBe('nothing');
  });

  it('with too few vCPUs is told how many are missing, others counted', async () => {
    expect(await refusal({ vcpus: 5 })).toContain(
      'L-1216C47A (vCPUs of running On-Demand Standard instances) is 5: 5 are missing',
    );
    const crowded = { vcpus: 32, running: { 'i-1': 'c6i.16xlarge', 'i-2': 'p4d.24xlarge' } };
    expect(await refusal(crowded)).toContain('others use 64, and the quota L-1216C47A');
  });

  it('with too few Elastic IPs is told how many are missing', async () => {
    expect(await refusal({ allocated: ['eipalloc-1', 'eipalloc-2'] })).toContain(
      'needs 4 Elastic IPs, others have 2, and the quota L-0263D0A3 (Elastic IPs) is 5: 1 are missing',
    );
  });

  it('is not asked for what the stack has already', async () => {
    const running = Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e'].map((id) => [`own-${id}`, 't3.small'] as const),
    );
    expect(await refusal({ vcpus: 5, elasticIps: 0, running })).toBe('nothing');
  });
});

describe('a type', () => {
  it('that a zone of its hosts does not offer is refused with the zones that do', async () => {
    const notOffered = ['t3.small eu-central-1b'];
    expect(await refusal({ notOffered })).toContain(
      'haproxy.instanceType: is t3.small, which eu-central-1b does not offer; give another type, or network.availabilityZones out of eu-central-1a, eu-central-1c',
    );
    expect(await refusal({ notOffered: ['t3.small eu-central-1c'] })).toBe('nothing');
  });

  it('that there is not, or of other processors, is refused', async () => {
    expect(await refusal({}, { emqx: { instanceType: 'x9.huge' } })).toContain('x9.huge, which no zone');
    expect(await refusal({}, { haproxy: { instanceType: 't4g.small' } })).toContain(
      'haproxy.architecture: is amd64, and haproxy.instanceType t4g.small has arm64',
    );
  });
});
