import { describe, expect, it } from 'vitest';
import { Chaos } from '../../../proving/chaos/chaos';

/** Kills, freezes, cuts, disks that fill, throttling, restarts, reloads and changes, some of them two at once. */
const seed = 1;
const steps = Array.from({ length: 12 }, (_, index) => index + 7);

/** A short run of what the suite `chaos` does for as long as it is told. */
export function chaosOfOneSeed(): void {
  describe('chaos', () => {
    it(`of seed ${seed} leaves the cluster right after each of ${steps.length} steps`, async () => {
      const chaos = await Chaos.begin();
      try {
        const failures: string[] = [];
        for (const number of steps) failures.push(...(await chaos.step(seed, number)));
        expect(failures).toEqual([]);
      } finally {
        await chaos.end();
      }
    });
  });
}
