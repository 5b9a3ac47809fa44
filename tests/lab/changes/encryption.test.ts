import { describe, expect, it } from 'vitest';
import { outputIn } from '../../../lab/commands/machines';
import { until } from '../../../proving/pair/until';
import { runningStack } from './hosts';

/** A stack that is moved to TLS between its hosts, and back, while clients are on. Each step begins where the one before ended. */
const stack = runningStack();

const brokers = ['emqx-1', 'emqx-2', 'emqx-3'];
const clients = 60;
const plainPort = 1883;
const tlsPort = 2883;

/** On which of these a broker listens. */
async function openPorts(broker: string): Promise<readonly number[]> {
  const table = await outputIn(broker, ['ss', '--no-header', '--listening', '--numeric', '--tcp']);
  return [plainPort, tlsPort].filter((port) => table.includes(`:${port} `));
}

/** On which of these a broker has clients of the balancers. */
async function portsUsed(broker: string): Promise<readonly number[]> {
  const table = await outputIn(broker, ['ss', '--no-header', '--numeric', '--tcp', 'state', 'established']);
  const local = [...table.matchAll(/^\s*\d+\s+\d+\s+\S+:(\d+)\s/gm)].map(([, port]) => Number(port));
  return [plainPort, tlsPort].filter((port) => local.includes(port));
}

describe('TLS between balancers and brokers', () => {
  it.each([
    { step: 'offered', opens: [plainPort, tlsPort], used: plainPort, mostCuts: 3 },
    { step: 'used', opens: [plainPort, tlsPort], used: tlsPort, mostCuts: 0 },
    { step: 'required', opens: [tlsPort], used: tlsPort, mostCuts: 3 },
    { step: 'used', opens: [plainPort, tlsPort], used: tlsPort, mostCuts: 3 },
    { step: 'offered', opens: [plainPort, tlsPort], used: plainPort, mostCuts: 0 },
    { step: 'none', opens: [plainPort], used: plainPort, mostCuts: 3 },
  ] as const)('comes to $step by a plain `up`, and loses no acknowledged message', async (each) => {
    const measured = await stack.measured(clients, { emqx: { encryption: each.step } });
    process.stdout.write(`${each.step}: ${JSON.stringify({ ...measured, ran: measured.ran.code })}\n`);
    expect(measured.ran.code, measured.ran.stdout + measured.ran.stderr).toBe(0);
    expect(measured.lost).toBe(0);
    expect(measured.mostCuts).toBeLessThanOrEqual(each.mostCuts);
    for (const broker of brokers) expect(await openPorts(broker)).toEqual(each.opens);
    const ring = await stack.ring(6);
    await until(`clients come by port ${each.used} alone`, 30_000, async () => {
      const used = (await Promise.all(brokers.map(portsUsed))).flat();
      return used.length > 0 && used.every((port) => port === each.used);
    });
    await ring.end();
    await stack.lab('verify');
  });
});
