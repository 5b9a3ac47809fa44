import * as pulumi from '@pulumi/pulumi';
import type { MockCallArgs } from '@pulumi/pulumi/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import type { MqttPlatformArgs } from '../../components';
import type { Configuration } from '../../infra/configuration';
import { checkAddresses } from '../../infra/freeAddresses';
import { refusalBy } from './accountCheck';
import { adopted, subnet } from './adoptedNetwork';

/** What has addresses in subnet-1, by address. */
type Taken = Readonly<Record<string, { readonly description?: string; readonly stack?: string }>>;

function stand(taken: Taken): void {
  const call = ({ token, inputs }: MockCallArgs): object => {
    if (token.endsWith('getNetworkInterfaces')) {
      const { filters } = inputs as { filters: { name: string; values: string[] }[] };
      const asked = filters.find(({ name }) => name === 'addresses.private-ip-address')?.values ?? [];
      return { ids: Object.keys(taken).filter((address) => asked.includes(address)) };
    }
    if (!token.endsWith('getNetworkInterface')) throw new Error(`unexpected call of ${token}`);
    const { id } = inputs as { id: string };
    const { description = '', stack } = taken[id] ?? {};
    const tags = stack === undefined ? {} : { 'emqx-haproxy:platform': 'mqtt', 'emqx-haproxy:stack': stack };
    return { id: `eni-${id}`, description, privateIps: [id], tags };
  };
  void pulumi.runtime.setMocks({ call, newResource: () => ({ id: '', state: {} }) }, 'emqx-haproxy', 'unit');
}

afterEach(() => pulumi.runtime.disconnect());

async function refusal(taken: Taken, more: Partial<MqttPlatformArgs> = {}): Promise<string> {
  stand(taken);
  const given = { ssh: { allowedCidrs: ['203.0.113.0/24'] }, network: adopted, ...more } as Configuration;
  return refusalBy(checkAddresses, given, 'Addresses');
}

describe('a planned address in a subnet of the user', () => {
  it('that something else has is refused before anything is made, with who has it', async () => {
    const taken = { '10.1.1.32': { description: 'ELB app/web' }, '10.1.1.38': {} };
    expect(await refusal(taken)).toBe(
      [
        'Addresses: 2 problems in its arguments',
        '  network.balancerSubnets[0].plannedBlock: plans 10.1.1.32 for haproxy-1, and eni-10.1.1.32 (ELB app/web) has it; give a /27 of the subnet that is free',
        '  network.brokerSubnets[0].plannedBlock: plans 10.1.1.38 for emqx-3, and eni-10.1.1.38 (without a description) has it; give a /27 of the subnet that is free',
      ].join('\n'),
    );
  });

  it("is taken where it is this stack's own, and not where it is another stack's", async () => {
    expect(await refusal({ '10.1.1.32': { stack: 'emqx-haproxy/unit' } })).toBe('nothing');
    expect(await refusal({ '10.1.1.32': { stack: 'emqx-haproxy/other' } })).toContain('has it');
  });

  it('moves with the block that is chosen', async () => {
    const elsewhere = { ...subnet, plannedBlock: '10.1.1.64/27' };
    const network = { ...adopted, balancerSubnets: [elsewhere], brokerSubnets: [elsewhere] };
    expect(await refusal({ '10.1.1.32': {}, '10.1.1.38': {} }, { network })).toBe('nothing');
    expect(await refusal({ '10.1.1.65': {} }, { network })).toContain('plans 10.1.1.65 for haproxy-2');
  });

  it('of the VIP and of a broker that was given one is refused by that argument', async () => {
    const virtualIp = { mode: 'privateIp' } as const;
    expect(await refusal({ '10.1.1.31': {} }, { virtualIp })).toContain(
      'virtualIp.address: plans 10.1.1.31 for the VIP',
    );
    const emqx = { brokers: { 'emqx-1': { address: '10.1.1.200' } } };
    expect(await refusal({ '10.1.1.200': {} }, { emqx })).toContain(
      'emqx.brokers.emqx-1.address: plans 10.1.1.200 for emqx-1',
    );
  });

  it('is not looked for in a network that is made', async () => {
    expect(await refusal({}, { network: {} })).toBe('nothing');
  });
});
