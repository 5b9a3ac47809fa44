import { z } from 'zod';
import type { Target } from './target';
import type { Mode } from './virtualIp';

/** How a pair is set up. */
export interface Setup {
  /** How the virtual IP moves; `elasticIp` when not given. */
  readonly mode?: Mode;
  readonly advertIntervalMs: number;
  readonly graceMs: number;
  /** Keepalived's defaults and a script with boto3, as the public examples have it, in place of ours. */
  readonly baseline: boolean;
}

/** How the balancers of a running stack are set up, as haproxy-watch's settings and EC2's say. */
export async function setupOf(target: Target): Promise<Setup> {
  const [first = ''] = target.balancers;
  const text = await target.shell(first, 'cat /etc/emqx-haproxy/watch.json');
  const { advertMs, graceMs } = settingsSchema.parse(JSON.parse(text));
  return { mode: target.mode, advertIntervalMs: advertMs, graceMs, baseline: false };
}

const settingsSchema = z.object({ advertMs: z.number(), graceMs: z.number() });
