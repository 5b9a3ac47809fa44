import { describe, expect, it } from 'vitest';
import type { ChangingStack } from '../../../proving/changes/changingStack';
import { clusterStatus, instanceIds, replaced } from './hosts';

/** Hosts that answer nobody are replaced, removed and destroyed like others. Begins with four brokers, ends without a stack. */
export function deadHosts(stack: ChangingStack): void {
  describe('a host that does not answer', () => {
    it('is replaced once the others do without it, frozen as it is', async () => {
      const before = await instanceIds(stack);
      await stack.lab('fault', 'host', 'emqx-2', 'freeze');
      const { code, stdout, stderr } = await stack.replace('emqx-2');
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/emqx-2 has not answered for 60 s \(.+\), and emqx-1 does without it/);
      expect(replaced(before, await instanceIds(stack))).toEqual(['emqx-2']);
      expect(await clusterStatus(stack)).toMatchObject({ stopped_nodes: [] });
      await stack.lab('verify');
    });

    it('is removed, and forgotten by the others', async () => {
      await stack.lab('fault', 'host', 'emqx-4', 'crash');
      stack.configure({ emqx: { brokers: 3 } });
      const { code, stdout, stderr } = await stack.run('up');
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/emqx@\S+ does not run and is forgotten/);
      expect(await clusterStatus(stack)).toMatchObject({ stopped_nodes: [] });
      await stack.lab('verify');
    });

    it('is replaced as a balancer once the other one holds the address', async () => {
      const before = await instanceIds(stack);
      await stack.lab('fault', 'host', 'haproxy-1', 'freeze');
      const { code, stdout, stderr } = await stack.replace('haproxy-1');
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/haproxy-1 has not answered .*, and haproxy-2 does without it/);
      expect(replaced(before, await instanceIds(stack))).toEqual(['haproxy-1']);
      await stack.lab('verify');
    });

    it('hinders no destroy, in which nobody leaves', async () => {
      await stack.lab('fault', 'host', 'emqx-1', 'freeze');
      await stack.lab('fault', 'host', 'haproxy-2', 'crash');
      const { code, stdout, stderr } = await stack.pulumi('destroy', '--yes', '--skip-preview');
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).not.toMatch(/clients left|has not answered/);
    });
  });
}
