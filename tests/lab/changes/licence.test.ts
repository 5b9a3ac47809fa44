import { describe, expect, it } from 'vitest';
import { licenceKey, signedLicenceKey } from '../../../proving/licenceKey';
import { until } from '../../../proving/pair/until';
import { clusterStatus, instanceIds, replaced, runningStack } from './hosts';

/**
 * A stack of the last free line, which gets to EMQX with licences while clients are on. Each test begins where the one
 * before ended.
 */
const stack = runningStack();

const clients = 60;
const brokers = ['emqx-1', 'emqx-2', 'emqx-3'];
const version = '5.10.4';
const licenseKey = signedLicenceKey({});

const installed = async (host: string, name: string): Promise<string> =>
  stack.lab('exec', host, '--', 'dpkg-query', '--show', '--showformat=${Version}', name);

/** When the broker's EMQX began, in microseconds since the boot. */
const started = async (host: string): Promise<string> =>
  stack.lab('exec', host, '--', 'systemctl', 'show', '--property=ExecMainStartTimestampMonotonic', 'emqx');

/** How many sessions the licence covers that is in force on each broker. */
const covered = async (): Promise<readonly (string | undefined)[]> =>
  Promise.all(
    brokers.map(async (host) => {
      const told = await stack.lab('exec', host, '--', 'emqx', 'ctl', 'license', 'info');
      return /^max_sessions +: (\d+)$/m.exec(told)?.[1];
    }),
  );

describe('EMQX 5.10, another package and a licence, on brokers of 5.8', () => {
  it('comes with other hosts, one after another: at most two cuts a client, nothing lost', async () => {
    const before = await instanceIds(stack);
    for (const host of brokers) expect(await installed(host, 'emqx')).toBe('5.8.9');
    const { ran, mostCuts, lost, acknowledged, longestMs, seconds } = await stack.measured(clients, {
      emqx: { version, licenseKey, imageGeneration: 2 },
    });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    process.stdout.write(
      `emqx.version ${version}: ${JSON.stringify({ mostCuts, longestMs, lost, acknowledged, seconds })}\n`,
    );
    for (const host of brokers) expect(await installed(host, 'emqx-enterprise')).toBe(version);
    expect(replaced(before, await instanceIds(stack))).toEqual(brokers);
    expect(await covered()).toEqual(['1000000', '1000000', '1000000']);
    expect(acknowledged).toBeGreaterThan(0);
    expect({ mostCuts: Math.min(mostCuts, 2), lost }).toEqual({ mostCuts, lost: 0 });
    expect(await clusterStatus(stack)).toMatchObject({ stopped_nodes: [] });
    await stack.lab('verify');
  });
});

describe('another licence key', () => {
  it('is in force on each broker within two minutes, with no restart and no cut', async () => {
    const before = await Promise.all(brokers.map(started));
    const { ran, cuts, lost, seconds } = await stack.during(clients, async () => {
      stack.configure({ emqx: { licenseKey: signedLicenceKey({ sessions: 500_000 }) } });
      const ran = await stack.run('up');
      const changed = performance.now();
      const everywhere = async () => (await covered()).every((sessions) => sessions === '500000');
      await until('all brokers have the other licence', 180_000, everywhere, 1_000);
      process.stdout.write(`licence in force after ${Math.round((performance.now() - changed) / 1_000)} s\n`);
      return ran;
    });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    process.stdout.write(`emqx.licenseKey: ${JSON.stringify({ cuts, lost, seconds })}\n`);
    expect({ cuts, lost }).toEqual({ cuts: 0, lost: 0 });
    expect(await Promise.all(brokers.map(started))).toEqual(before);
    await stack.lab('verify');
  });

  it.each([
    [
      'that covers too few is refused before anything is touched',
      signedLicenceKey({ sessions: 100 }),
      'covers 100 sessions',
    ],
    [
      'that EMQX has not signed is refused by the first broker',
      licenceKey({}),
      'is refused by EMQX: invalid_signature',
    ],
  ])('%s, and the former is in force', async (_, key, reason) => {
    const onHosts = async () =>
      Promise.all(
        brokers.map(async (host) =>
          stack.lab('exec', host, '--', 'sha256sum', '/etc/emqx-haproxy/secrets/licence'),
        ),
      );
    const before = await onHosts();
    const { ran, cuts, lost } = await stack.measured(clients, { emqx: { licenseKey: key } });
    expect(ran.code).not.toBe(0);
    expect(ran.stdout + ran.stderr).toContain(reason);
    expect({ cuts, lost }).toEqual({ cuts: 0, lost: 0 });
    expect(await onHosts()).toEqual(before);
    expect(await covered()).toEqual(['500000', '500000', '500000']);
  });
});

describe('a cluster that is made with EMQX 5.10', () => {
  it('comes up with its key and is proved, and without one is refused in the preview', async () => {
    stack.configure({ emqx: { licenseKey: undefined } });
    const { code, stdout, stderr } = await stack.run('up');
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('from 5.9.0 a cluster needs a licence key');
    stack.configure({ emqx: { licenseKey } });
    await stack.lab('down');
    await stack.lab('up');
    expect(await covered()).toEqual(['1000000', '1000000', '1000000']);
    await stack.lab('verify');
  });
});
