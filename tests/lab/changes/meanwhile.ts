import type { ChildProcess } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { ChangingStack } from '../../../proving/changes/changingStack';
import { finished } from '../../../proving/lab';
import { clusterStatus, instanceIds, replaced } from './hosts';

/** What comes in between while three brokers are replaced. */
export function meanwhile(stack: ChangingStack, imageGeneration: number): void {
  describe('a rollout under way', () => {
    it('keeps a second one out, and goes on when the address moves', async () => {
      const before = await instanceIds(stack);
      const holder = await stack.holder();
      if (holder === undefined) throw new Error('no balancer says that it holds the virtual IP');
      stack.configure({ emqx: { imageGeneration } });
      const child = stack.start('up');
      const ended = finished(child);
      await printed(child, /emqx-1-leave deleted original/);
      const second = await stack.pulumi('up', '--yes', '--skip-preview');
      expect(second.code).not.toBe(0);
      expect(second.stdout + second.stderr).toMatch(/currently locked by/);
      await stack.lab('exec', holder, '--', 'systemctl', 'restart', 'keepalived');
      const first = await ended;
      expect(first.code, first.stdout + first.stderr).toBe(0);
      expect(replaced(before, await instanceIds(stack))).toEqual(['emqx-1', 'emqx-2', 'emqx-3']);
      expect(await clusterStatus(stack)).toMatchObject({ stopped_nodes: [] });
      expect([undefined, holder]).not.toContain(await stack.holder());
      await stack.lab('verify');
    });
  });
}

/** Waits until it prints that; fails with all that it printed when it ends without. */
export async function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((done, failed) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (pattern.test(text)) done();
      });
    child.once('close', () => failed(new Error(`it ended without ${String(pattern)}:\n${text}`)));
  });
}
