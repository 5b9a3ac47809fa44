import * as pulumi from '@pulumi/pulumi';
import type { MockCallArgs } from '@pulumi/pulumi/runtime';
import { afterEach, expect, it } from 'vitest';
import { planPlatform } from '../../components';
import type { Configuration } from '../../infra/configuration';
import { preflight } from '../../infra/preflight';
import { adopted } from './adoptedNetwork';

afterEach(() => pulumi.runtime.disconnect());

const given = {
  ssh: { allowedCidrs: ['203.0.113.0/24'] },
  emqx: { imageId: 'ami-0123456789abcdef0' },
  network: adopted,
} as Configuration;

/** An account where a running platform has all its hosts, one address is taken, and there is no such image. */
const answers: Readonly<Record<string, object>> = {
  getSubnet: { availabilityZone: 'eu-central-1a' },
  getInstances: { ids: ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'] },
  getInstance: { tags: {} },
  getNetworkInterfaces: { ids: ['eni-1'] },
  getNetworkInterface: { id: 'eni-1', description: 'ELB app/web', privateIps: ['10.1.1.32'], tags: {} },
};

it('what each check of the account finds is told at once', async () => {
  const call = ({ token }: MockCallArgs): object => {
    const name = token.split('/').pop() ?? '';
    const answer = answers[name.slice(name.lastIndexOf(':') + 1)];
    if (answer === undefined) throw new Error(`there is nothing for ${token}`);
    return answer;
  };
  void pulumi.runtime.setMocks({ call, newResource: () => ({ id: '', state: {} }) }, 'emqx-haproxy', 'unit');
  await expect(preflight(planPlatform('mqtt', given), given)).rejects.toThrow(
    [
      'AWS account: 2 problems in its arguments',
      '  emqx.imageId: is ami-0123456789abcdef0, which this account has not in this region; give an image of the region that is shared with the account',
      '  network.balancerSubnets[0].plannedBlock: plans 10.1.1.32 for haproxy-1, and eni-1 (ELB app/web) has it; give a /27 of the subnet that is free',
    ].join('\n'),
  );
});

it('a check that cannot be made is no fault of the arguments', async () => {
  const call = () => Promise.reject(new Error('RequestLimitExceeded'));
  void pulumi.runtime.setMocks({ call, newResource: () => ({ id: '', state: {} }) }, 'emqx-haproxy', 'unit');
  const failure: unknown = await preflight(planPlatform('mqtt', given), given).then(
    () => 'nothing',
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Error);
  expect(pulumi.InputPropertiesError.isInstance(failure)).toBe(false);
});
