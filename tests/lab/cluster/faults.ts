import { describe, expect, it } from 'vitest';
import { activeBalancer, instanceIds, labOk, onHost, outputs } from './lab';
import { servedWithinMs } from './mqtt';

/** How long clients may wait for another balancer; figures are the benchmark's business, this bounds a hang. */
const takeoverLimitMs = 20_000;

/** The service goes on when a balancer does not. */
export function faults(): void {
  describe('the active balancer', () => {
    it('gets its HAProxy back when that is killed', async () => {
      const stack = await outputs();
      const active = await activeBalancer();
      await labOk('fault', 'host', active, 'kill', 'haproxy');
      await servedWithinMs(stack, takeoverLimitMs);
      await labOk('verify');
    });

    it('is followed by the other when its host is powered off, there and back', async () => {
      const stack = await outputs();
      const first = await activeBalancer();
      for (const expected of [true, false]) {
        const active = await activeBalancer();
        expect(active === first).toBe(expected);
        await labOk('fault', 'host', active, 'poweroff');
        await servedWithinMs(stack, takeoverLimitMs);
        await labOk('verify');
        expect(await activeBalancer()).not.toBe(active);
        await labOk('heal', 'host', active);
        await labOk('verify');
      }
    });
  });

  describe('a replaced host', () => {
    it.each(['emqx-2', 'haproxy-2'])("%s boots with today's files, its address and its key", async (name) => {
      const before = await instanceIds();
      const urns = await labOk('pulumi', '--', 'stack', '--show-urns');
      const urn = new RegExp(`urn:\\S+Instance::mqtt-${name}-instance`).exec(urns)?.[0] ?? '';
      expect(urn).not.toBe('');
      await labOk('pulumi', '--', 'up', '--yes', '--skip-preview', '--non-interactive', '--replace', urn);
      const after = await instanceIds();
      expect(after[name]).not.toBe(before[name]);
      expect({ ...after, [name]: before[name] }).toEqual(before);
      expect(await onHost(name, 'cat', '/var/lib/emqx-haproxy/current.set')).toContain('=== ');
      await labOk('verify');
    });
  });
}
