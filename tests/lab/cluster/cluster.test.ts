import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../lab/process';
import { repositoryRoot } from '../../../proving/product';
import { changes } from './changes';
import { chaosOfOneSeed } from './chaos';
import { faults } from './faults';
import { interruption } from './interruption';
import { finished, labOk, outputs, resetConfiguration, startLab } from './lab';
import { servedWithinMs } from './mqtt';
import { verifySees } from './verifySees';

/** One cluster, brought up once; the subjects come in this order and leave it whole. */
let started: string;
beforeAll(async () => {
  resetConfiguration();
  await labOk('down');
  started = await labOk('start');
});

afterAll(async () => {
  await labOk('down');
});

describe('a fresh cluster', () => {
  it('is proved by verify', () => {
    expect(started).not.toContain('FAIL');
  });

  it('tells lines to copy, with which a message goes from one client to another', async () => {
    const [listen = '', speak = ''] = started.match(/^ {2}npx mqtt .*$/gm) ?? [];
    // Of a group of its own: npx runs another program.
    const listener = spawn('sh', ['-c', listen], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
      cwd: repositoryRoot,
    });
    const heard: string[] = [];
    listener.stdout.setEncoding('utf8').on('data', (text: string) => heard.push(text));
    try {
      // Until the listener has subscribed nobody hears it.
      while (heard.length === 0) await run('sh', ['-c', speak], { cwd: repositoryRoot });
      expect(heard.join('')).toContain('lab/hello world');
    } finally {
      process.kill(-(listener.pid ?? process.pid), 'SIGTERM');
    }
  });

  it('shows its statistics page on a port of this machine until it is interrupted', async () => {
    const { statsPassword } = await outputs();
    const opened = startLab('open', 'stats');
    const ended = finished(opened);
    const address = await new Promise<string>((done, failed) => {
      opened.stdout?.on('data', (text: string) => {
        const [found] = /http:\S+/.exec(text) ?? [];
        if (found !== undefined) done(found);
      });
      void ended.then(({ stderr }) => failed(new Error(stderr)));
    });
    const authorization = `Basic ${Buffer.from(`admin:${statsPassword}`).toString('base64')}`;
    const page = await fetch(address, { headers: { authorization }, signal: AbortSignal.timeout(10_000) });
    expect(await page.text()).toContain('Statistics Report');
    opened.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });

  it('tells its outputs as one JSON object', async () => {
    const { endpoint, endpoints, statsPassword, brokers, balancers } = await outputs();
    expect(endpoints).toEqual({ mqtt: `mqtt://${endpoint}:1883`, mqtts: `mqtts://${endpoint}:8883` });
    expect(statsPassword).toHaveLength(24);
    expect(brokers.map(({ name }) => name)).toEqual(['emqx-1', 'emqx-2', 'emqx-3']);
    expect(balancers.map(({ name }) => name)).toEqual(['haproxy-1', 'haproxy-2']);
  });

  it("keeps its secrets out of user data, argument lists, journals and Pulumi's plain state", async () => {
    const { statsPassword } = await outputs();
    const state = await labOk('pulumi', '--', 'stack', 'export');
    expect(state).not.toContain(statsPassword);
    const search = `grep -rlF -e '${statsPassword}' /var/lib/cloud /var/log /proc/[0-9]*/cmdline 2>/dev/null || true; journalctl --no-pager | grep -cF -e '${statsPassword}' || true`;
    // The search itself is the one process that may carry the password in its arguments.
    const found = (await labOk('exec', 'haproxy-1', '--', 'sh', '-c', search))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('/proc/'));
    expect(found).toEqual(['0']);
  });

  it('serves a client through the VIP', async () => {
    const stack = await outputs();
    await servedWithinMs(stack, 1_000);
  });
});

verifySees();
changes();
faults();
chaosOfOneSeed();
// Takes it down.
interruption();
