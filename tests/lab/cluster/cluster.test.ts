import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changes } from './changes';
import { chaosOfOneSeed } from './chaos';
import { faults } from './faults';
import { interruption } from './interruption';
import { labOk, outputs, resetConfiguration } from './lab';
import { servedWithinMs } from './mqtt';
import { verifySees } from './verifySees';

/** One cluster, brought up once; the subjects come in this order and leave it whole. */
beforeAll(async () => {
  resetConfiguration();
  await labOk('down');
  await labOk('up');
});

afterAll(async () => {
  await labOk('down');
});

describe('a fresh cluster', () => {
  it('is proved by verify', async () => {
    expect(await labOk('verify')).not.toContain('FAIL');
  });

  it('tells its outputs as one JSON object', async () => {
    const { endpoint, endpoints, statsPassword, brokers, balancers } = await outputs();
    expect(endpoints).toEqual({ mqtt: `mqtt://${endpoint}:1883`, mqtts: `mqtts://${endpoint}:8883` });
    expect(statsPassword).toHaveLength(24);
    expect(brokers.map(({ name }) => name)).toEqual(['emqx-1', 'emqx-2', 'emqx-3']);
    expect(balancers.map(({ name }) => name)).toEqual(['haproxy-1', 'haproxy-2']);
  });

  it("keeps its secrets out of user data, argument lists, journals and Pulumi's plain state", async () => {
    const { statsPassword } = await outputs();
    const state = await labOk('pulumi', '--', 'stack', 'export');
    expect(state).not.toContain(statsPassword);
    const search = `grep -rlF -e '${statsPassword}' /var/lib/cloud /var/log /proc/[0-9]*/cmdline 2>/dev/null || true; journalctl --no-pager | grep -cF -e '${statsPassword}' || true`;
    // The search itself is the one process that may carry the password in its arguments.
    const found = (await labOk('exec', 'haproxy-1', '--', 'sh', '-c', search))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('/proc/'));
    expect(found).toEqual(['0']);
  });

  it('serves a client through the VIP', async () => {
    const stack = await outputs();
    await servedWithinMs(stack, 1_000);
  });
});

verifySees();
changes();
faults();
chaosOfOneSeed();
// Takes it down.
interruption();
