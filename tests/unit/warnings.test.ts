import { describe, expect, it } from 'vitest';
import { planPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import { warningsOf } from '../../components/platform/warnings';

const warnings = (args: Partial<MqttPlatformArgs>) =>
  warningsOf(planPlatform('mqtt', { ssh: { allowedCidrs: ['203.0.113.0/24'] }, ...args }));

describe('a preview', () => {
  it('warns of nothing on a stack that says nothing', () => {
    expect(warnings({})).toEqual([]);
  });

  it('warns of a reservation of one address, and not where the block has it', () => {
    const network = { balancerZoneCount: 1 };
    expect(warnings({ network, virtualIp: { mode: 'privateIp' } })).toEqual([
      expect.stringContaining('virtualIp.address: 10.20.0.31/32 is reserved in the subnet'),
    ]);
    expect(warnings({ network, virtualIp: { mode: 'privateIp', address: '10.20.0.34' } })).toEqual([]);
  });
});
