import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { lower, raise } from '../../../proving/pair/labStack';
import { epochMs } from '../../../proving/pair/probes';
import { restartResidents } from '../../../proving/pair/restarts';
import { labTarget, type Target } from '../../../proving/pair/target';
import { AcknowledgedMessages } from './acknowledged';
import {
  allWell,
  breakIt,
  failOver,
  holderBecomes,
  mendApi,
  said,
  shortenCredentials,
  Watch,
  well,
} from './cluster';
import { whileDeaf, whileShutOff } from './securityGroup';

/** How long a fault that splits the pair lasts: many adverts, and several looks of vip-agent. */
const splitMs = 7_000;
const apiAwayMs = 60_000;

let target: Target;

beforeAll(async () => {
  await lower();
  await raise({ advertIntervalMs: 100, graceMs: 1_000, baseline: false });
  target = await labTarget();
  await well(target);
});

afterEach(async () => {
  await allWell(target);
});

afterAll(async () => {
  await target.close();
  await lower();
});

describe('ten failovers in a row', () => {
  it('lose no acknowledged message, and never give the VIP to two interfaces', async () => {
    const watch = new Watch(target);
    const messages = await AcknowledgedMessages.begin(target);
    for (let round = 0; round < 2; round += 1)
      for (const name of ['handover', 'haproxyHung', 'keepalivedKilled', 'networkCut', 'hostCrash'] as const)
        await failOver(target, name);
    const { acknowledged, missing } = await messages.end();
    const { holders, most } = await watch.end();
    expect(missing).toEqual([]);
    expect(acknowledged).toBeGreaterThan(100);
    expect(most).toBe(1);
    expect(holders).toHaveLength(11);
  });
});

describe('a pair that cannot hear each other', () => {
  it.each(['active', 'standby'] as const)(
    'by VRRP, cut at the %s one, does not steal the address back and forth',
    async (end) => {
      const watch = new Watch(target);
      const pair = await well(target);
      await breakIt('host', pair[end], 'partition', 'vrrp');
      await pause(splitMs);
      const healedAt = epochMs();
      await allWell(target);
      const settledMs = epochMs() - healedAt;
      const { holders, most, outageMs } = await watch.end();
      expect(holders.length).toBeLessThanOrEqual(2);
      expect({ most, isServed: outageMs < 1_000 }).toEqual({ most: 1, isServed: true });
      expect(settledMs).toBeLessThan(5_000);
    },
  );

  it('at all, while both reach EC2, does not either', async () => {
    const watch = new Watch(target);
    const { active, standby } = await well(target);
    await breakIt('host', active, 'partition', standby);
    await pause(splitMs);
    await allWell(target);
    const { holders, most, outageMs } = await watch.end();
    expect(holders.length).toBeLessThanOrEqual(2);
    expect({ most, isServed: outageMs < 1_000 }).toEqual({ most: 1, isServed: true });
  });
});

describe('a host that stood still', () => {
  it('leaves the address to its peer when it goes on', async () => {
    const { active, standby } = await well(target);
    await breakIt('host', active, 'freeze');
    await holderBecomes(target, standby);
    const watch = new Watch(target);
    const pair = await allWell(target);
    const { holders } = await watch.end();
    expect(pair).toEqual({ active: standby, standby: active });
    expect(holders).toHaveLength(1);
  });

  it('is followed even by a peer that stood still itself a moment ago', async () => {
    const first = await well(target);
    await breakIt('host', first.active, 'freeze');
    await holderBecomes(target, first.standby);
    const second = await allWell(target);
    await pause(1_000);
    await breakIt('host', second.active, 'freeze');
    await holderBecomes(target, second.standby, 5_000);
  });
});

describe('a holder that dies while its peer cannot hear it', () => {
  it('is followed once EC2 finds it impaired', async () => {
    const { active, standby } = await well(target);
    await breakIt('host', active, 'partition', 'vrrp');
    await holderBecomes(target, standby);
    const since = epochMs();
    await expect.poll(() => said(target, active, since, /yielding/), { timeout: 10_000 }).not.toEqual([]);
    await breakIt('host', standby, 'freeze');
    await holderBecomes(target, active, 90_000);
    expect(await allWell(target)).toEqual({ active, standby });
  });
});

describe('a Keepalived whose VRRP process alone is killed', () => {
  it('leaves one holder, whom EC2 knows', async () => {
    const watch = new Watch(target);
    const { active } = await well(target);
    const since = epochMs();
    await target.shell(
      active,
      'main=$(systemctl show --property=MainPID --value keepalived); kill -KILL $(cat /proc/$main/task/$main/children)',
    );
    await expect
      .poll(() => said(target, active, since, /vrrp.*(died|exited|terminated)/i, 'keepalived'), {
        timeout: 10_000,
      })
      .toHaveLength(1);
    await allWell(target);
    const { holders, most } = await watch.end();
    expect(most).toBe(1);
    expect(holders.length).toBeLessThanOrEqual(2);
  });
});

describe('a wrong security group', () => {
  it('of a balancer that hears no adverts any more does not move the address back and forth', async () => {
    const watch = new Watch(target);
    const { standby } = await well(target);
    await whileDeaf(standby, () => pause(splitMs));
    await allWell(target);
    const { holders, most, outageMs } = await watch.end();
    expect(holders.length).toBeLessThanOrEqual(2);
    expect({ most, isServed: outageMs < 1_000 }).toEqual({ most: 1, isServed: true });
  });

  it('of a balancer that reaches nobody is said in a line, and it takes over once it is mended', async () => {
    const { active, standby } = await well(target);
    const since = epochMs();
    await whileShutOff(standby, async () => {
      await expect
        .poll(() => said(target, standby, since, /^pending: Network: .*trying again/), { timeout: 30_000 })
        .toHaveLength(1);
      expect(await target.holder()).toBe(active);
      await breakIt('host', active, 'crash');
    });
    await holderBecomes(target, standby);
  });
});

describe('a takeover', () => {
  it('waits for an API that is away for a minute, says so in a line, and is done when it is back', async () => {
    const { active, standby } = await well(target);
    const since = epochMs();
    await breakIt('api', 'hang');
    await breakIt('host', active, 'crash');
    await pause(apiAwayMs);
    expect(await said(target, standby, since, /^pending: Network: .*trying again/)).toHaveLength(1);
    expect(await target.holder()).toBe(active);
    await mendApi();
    await holderBecomes(target, standby, 5_000);
  });

  it('waits for instance metadata that hang, says so in a line, and is done when they answer', async () => {
    const { active, standby } = await well(target);
    await breakIt('api', 'hang', '--service', 'imds');
    await target.shell(standby, 'systemctl restart vip-agent');
    const since = epochMs();
    await breakIt('host', active, 'crash');
    const complaint = /^pending: Metadata: no credentials of the role: .*trying again/;
    await expect.poll(() => said(target, standby, since, complaint), { timeout: 20_000 }).toHaveLength(1);
    expect(await target.holder()).toBe(active);
    await mendApi();
    await holderBecomes(target, standby, 5_000);
    expect(await said(target, standby, since, complaint)).toHaveLength(1);
  });

  it('gets new credentials when its own have expired', async () => {
    const { active, standby } = await well(target);
    await shortenCredentials(2);
    await target.shell(standby, 'systemctl restart vip-agent');
    await pause(4_000);
    await shortenCredentials(3_600);
    await breakIt('host', active, 'crash');
    await holderBecomes(target, standby, 5_000);
  });

  it('signs by the time of an API that finds its clock ten minutes wrong', async () => {
    const { active, standby } = await well(target);
    const since = epochMs();
    await breakIt('api', 'skew', '600');
    await breakIt('host', active, 'crash');
    await holderBecomes(target, standby, 5_000);
    expect(await said(target, standby, since, /^this clock is (59|60)\d s behind AWS's/)).toHaveLength(1);
  });

  it('needs no room on the disk', async () => {
    const { active, standby } = await well(target);
    await breakIt('host', standby, 'fill-disk');
    await breakIt('host', active, 'crash');
    await holderBecomes(target, standby, 5_000);
  });
});

describe('resident programs', () => {
  it('may be killed and restarted at any moment: no session ends, no broker leaves, the address stays', async () => {
    const { active } = await well(target);
    const messages = await AcknowledgedMessages.begin(target);
    const since = epochMs();
    const restarts = await restartResidents(target, ['emqx-1'], 20, 100, () => undefined);
    expect(restarts).toMatchObject({ closed: 0, holders: 1, leftRotation: [] });
    await allWell(target);
    expect(await said(target, active, since, /fault 1|silent|Entering/, 'keepalived')).toEqual([]);
    expect((await messages.end()).missing).toEqual([]);
  });
});

describe('programs of the active balancer', () => {
  it('leave no fault behind, however HAProxy is restarted', async () => {
    const { active } = await well(target);
    for (let round = 0; round < 10; round += 1) {
      const verb =
        ['restart', 'reload-or-restart', 'kill --signal=KILL'][Math.floor(Math.random() * 3)] ?? '';
      await target.shell(active, `systemctl ${verb} haproxy`);
      await pause(Math.random() * 300);
    }
    await allWell(target);
    for (const name of target.balancers)
      await expect.poll(() => target.shell(name, 'cat /run/emqx-haproxy/fault/*')).toBe('0\n0\n');
  });
});

describe('a standby that boots', () => {
  it('takes the address from nobody', async () => {
    const { active, standby } = await well(target);
    const watch = new Watch(target);
    for (let round = 0; round < 3; round += 1) {
      await breakIt('host', standby, 'crash');
      await allWell(target);
    }
    const { holders } = await watch.end();
    expect(holders).toHaveLength(1);
    expect(await target.holder()).toBe(active);
  });
});

describe('two balancers that boot at once', () => {
  it('agree on one', async () => {
    const { active, standby } = await well(target);
    const watch = new Watch(target);
    await Promise.all([active, standby].map((name) => breakIt('host', name, 'crash')));
    await allWell(target);
    expect((await watch.end()).most).toBe(1);
  });
});
