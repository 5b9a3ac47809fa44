import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ChangingStack } from '../../../proving/changes/changingStack';
import { clusterStatus } from './hosts';
import { printed } from './meanwhile';

/** A runner that is killed while a broker goes, and while one comes. Begins and ends with four brokers. */
export function killed(stack: ChangingStack): void {
  describe('a runner that is killed', () => {
    it('while a broker leaves has it gone with the next up, and forgotten by the others', async () => {
      await killedAt(stack, 3, /emqx-4-leave .*clients left/);
      await stack.lab('up');
      expect(await clusterStatus(stack)).toMatchObject({ stopped_nodes: [] });
      expect((await stack.outputs()).brokers.map(({ name }) => name)).toEqual(['emqx-1', 'emqx-2', 'emqx-3']);
      await stack.lab('verify');
    });

    it('while a broker boots has it in the cluster with the next up, and no other one made', async () => {
      await killedAt(stack, 4, /emqx-4-instance created/);
      await stack.lab('up');
      expect(await clusterStatus(stack)).toMatchObject({ stopped_nodes: [] });
      const running = (await stack.lab('status')).match(/^mqtt-emqx-\d+ +i-\S+ +running/gm);
      expect(running).toHaveLength(4);
      await stack.lab('verify');
    });
  });
}

async function killedAt(stack: ChangingStack, brokers: number, moment: RegExp): Promise<void> {
  stack.configure({ emqx: { brokers } });
  const child = stack.start('up');
  await printed(child, moment);
  child.kill('SIGKILL');
  await once(child, 'close');
}
