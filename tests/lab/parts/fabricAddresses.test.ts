import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiAddress, runnerAddress } from '../../../lab/fabric/addresses';
import { at, exampleVpc, ports, withInterface, withOverlayOn, withVipOn } from './fabricVpc';
import { FabricWorld, takeSecondaryAddress, vrrp, withVrrpAllowed } from './fabricWorld';

let world: FabricWorld;
beforeAll(async () => {
  world = await FabricWorld.raise();
}, 30_000);
afterAll(() => world.lower());
beforeEach(() => world.renew());

describe('an address', () => {
  it('is sent from by its interface only', async () => {
    await world.fabric.apply(withVrrpAllowed(exampleVpc()));
    await takeSecondaryAddress('a', at.overlay);
    await world.hosts.a.sendProtocol(vrrp, at.b, 'spoofed', { source: at.overlay });
    await world.hosts.a.sendProtocol(vrrp, at.b, 'honest', { source: at.vipOfA });
    await expect.poll(world.hosts.b.received).toContain(`${at.vipOfA} honest`);
    expect(await world.hosts.b.received()).not.toContain('spoofed');
  });

  it('may be any where the source/dest check is off', async () => {
    await takeSecondaryAddress('a', at.overlay);
    const overlayOnA = withOverlayOn(exampleVpc(), 'a');
    await world.fabric.apply(withInterface(overlayOnA, 'a', { sourceDestCheck: false }));
    expect(await world.hosts.a.greeting(at.b, ports.open, { source: at.overlay })).toBe(`b ${at.overlay}`);
  });

  it('that is not of the interface does not reach it, unless the source/dest check is off', async () => {
    await takeSecondaryAddress('b', at.overlay);
    const checked = withOverlayOn(withVrrpAllowed(exampleVpc()), 'b');
    await world.fabric.apply(checked);
    await world.hosts.a.sendProtocol(vrrp, at.overlay, 'to a checked interface');
    await world.fabric.apply(withInterface(checked, 'b', { sourceDestCheck: false }));
    await world.hosts.a.sendProtocol(vrrp, at.overlay, 'to an unchecked interface');
    await expect.poll(world.hosts.b.received).toContain(`${at.a} to an unchecked interface`);
    expect(await world.hosts.b.received()).not.toContain('to a checked interface');
  });

  it('is where the API says, whoever else has taken it', async () => {
    await takeSecondaryAddress('b', at.vipOfA);
    expect(await world.hosts.d.greeting(at.vipOfA, ports.open)).toBe(`a ${at.d}`);
    const moved = withInterface(exampleVpc(), 'a', { addresses: [at.a] });
    await world.fabric.apply(withInterface(moved, 'b', { addresses: [at.b, at.vipOfB, at.vipOfA] }));
    expect(await world.hosts.d.greeting(at.vipOfA, ports.open)).toBe(`b ${at.d}`);
  });

  it('outside the VPC is reached by the route to an interface, which can move', async () => {
    const unchecked = withInterface(exampleVpc(), 'a', { sourceDestCheck: false });
    const both = withInterface(unchecked, 'b', { sourceDestCheck: false });
    await takeSecondaryAddress('a', at.overlay);
    await takeSecondaryAddress('b', at.overlay);
    expect(await world.hosts.d.greeting(at.overlay, ports.open)).toBe('No route to host');
    await world.fabric.apply(withOverlayOn(both, 'a'));
    expect(await world.hosts.d.greeting(at.overlay, ports.open)).toBe(`a ${at.d}`);
    await world.fabric.apply(withOverlayOn(both, 'b'));
    expect(await world.hosts.d.greeting(at.overlay, ports.open)).toBe(`b ${at.d}`);
    await world.fabric.apply(withOverlayOn(exampleVpc(), 'b'));
    expect(await world.hosts.d.greeting(at.overlay, ports.open)).toBe('silence');
  });
});

describe('an Elastic IP that moves', () => {
  it('leaves no new connection without an answer', async () => {
    world.fabric.setMoveBehaviour({ delayMs: 0, lingerMs: 5_000 });
    const answers: string[] = [];
    const stop = new AbortController();
    const probe = (async () => {
      while (!stop.signal.aborted) answers.push(await world.runner.greeting(at.vip, ports.open));
    })();
    try {
      for (let move = 0; move < 20; move += 1) {
        const holder = move % 2 === 0 ? 'b' : 'a';
        await world.fabric.apply(withVipOn(exampleVpc(), holder));
        expect(await world.runner.greeting(at.vip, ports.open)).toBe(`${holder} ${runnerAddress}`);
      }
    } finally {
      stop.abort();
      await probe;
    }
    expect(answers.length).toBeGreaterThan(20);
    expect([...new Set(answers)].sort()).toEqual([`a ${runnerAddress}`, `b ${runnerAddress}`]);
  });

  it('has the connections to its former holder reset when they do not linger', async () => {
    await world.runner.hold('reset', at.vip, ports.open);
    await world.fabric.apply(withVipOn(exampleVpc(), 'b'));
    await expect.poll(() => world.runner.say('reset'), { interval: 10 }).toBe('Connection reset by peer');
  });

  it('lets connections go on to its former holder for as long as they linger', async () => {
    world.fabric.setMoveBehaviour({ delayMs: 0, lingerMs: 400 });
    await world.runner.hold('lingering', at.vip, ports.open);
    await world.fabric.apply(withVipOn(exampleVpc(), 'b'));
    expect(await world.runner.greeting(at.vip, ports.open)).toBe(`b ${runnerAddress}`);
    expect(await world.runner.say('lingering')).toBe('still there');
    await expect
      .poll(() => world.runner.say('lingering'), { timeout: 2_000 })
      .toBe('Connection reset by peer');
  });

  it('takes effect after the delay, and the answer comes before', async () => {
    world.fabric.setMoveBehaviour({ delayMs: 300, lingerMs: 0 });
    const begun = performance.now();
    await world.fabric.apply(withVipOn(exampleVpc(), 'b'));
    expect(await world.runner.greeting(at.vip, ports.open)).toBe(`a ${runnerAddress}`);
    await expect
      .poll(() => world.runner.greeting(at.vip, ports.open), { interval: 10 })
      .toBe(`b ${runnerAddress}`);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(300);
  });

  it('does not let its former holder out under it', async () => {
    expect(await world.hosts.a.greeting(apiAddress, 443, { source: at.vipOfA })).toBe(`region ${at.vip}`);
    await world.fabric.apply(withVipOn(exampleVpc(), 'b'));
    expect(await world.hosts.a.greeting(apiAddress, 443, { source: at.vipOfA })).toBe('silence');
    expect(await world.hosts.b.greeting(apiAddress, 443, { source: at.vipOfB })).toBe(`region ${at.vip}`);
  });
});
