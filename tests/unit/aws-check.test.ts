import { describe, expect, it } from 'vitest';
import { reportMarkdown, succeeded } from '../../awsCheck/report';
import { readSettings } from '../../awsCheck/settings';
import { changed, configurationOf, run } from '../../awsCheck/stack';
import { carryOut, type Run } from '../../awsCheck/steps';
import { checkMqttPlatformArgs } from '../../components';
import { operatingSystems } from '../../components/host/operatingSystems';
import { platformName } from '../../infra/configuration';

const settings = readSettings(['--region', 'eu-central-1', '--from', '192.0.2.7/32']);
const configuration = configurationOf({ ...settings, from: '192.0.2.7/32' });
const ok = { code: 0, printed: 'Resources:\n    + 3 created\n\nDuration: 1s\n' };

/** A run on a stack that does nothing; `calls` is what it was asked. */
function fakeRun(
  more: Partial<Pick<Run['stack'], 'up' | 'destroy'>> & { readonly left?: readonly string[] } = {},
) {
  const calls: string[] = [];
  const over = new AbortController();
  const does = (name: string) => () => {
    calls.push(name);
    return Promise.resolve(ok);
  };
  const wanted: Run = {
    settings,
    configuration,
    signal: over.signal,
    leftovers: () => Promise.resolve(more.left ?? []),
    stack: {
      name: 'aws-check-1',
      configure: () => undefined,
      up: more.up ?? does('up'),
      refresh: does('refresh'),
      destroy: more.destroy ?? does('destroy'),
      remove: async () => {
        await does('remove')();
      },
    },
  };
  return { wanted, calls, over };
}

describe('the operating system of a check', () => {
  it.each(Object.keys(operatingSystems))('may be %s: its stack is one that the components take', (os) => {
    const chosen = readSettings(['--region', 'eu-central-1', '--from', '192.0.2.7/32', '--os', os]);
    const wanted = configurationOf({ ...chosen, from: '192.0.2.7/32' });
    expect(wanted).toMatchObject({ emqx: { operatingSystem: os }, haproxy: { operatingSystem: os } });
    expect(checkMqttPlatformArgs(platformName, wanted)).toEqual([]);
  });

  it('is one that the lab has an image of, in the lab', () => {
    expect(readSettings(['--lab', '--os', 'debian-12']).operatingSystem).toBe('debian-12');
    expect(() => readSettings(['--lab', '--os', 'ubuntu-22.04'])).toThrow(
      '--os: is ubuntu-22.04, of which the lab has no image; with --lab give a Debian, or go to AWS',
    );
  });
});

describe('the stack of a check', () => {
  it('is one that the components take, before and after its change', () => {
    for (const each of [configuration, changed(configuration)])
      expect(checkMqttPlatformArgs(platformName, each)).toEqual([]);
  });

  it('is destroyed when it did not come up, and nothing else is done', async () => {
    const { wanted, calls } = fakeRun({ up: () => Promise.resolve({ code: 255, printed: 'error: quota' }) });
    const results = await carryOut(wanted);
    expect(calls).toEqual(['destroy', 'remove']);
    expect(results[0]).toMatchObject({ name: 'up', verdict: 'failed', text: 'error: quota' });
    expect(results.filter(({ verdict }) => verdict === 'left out')).toHaveLength(results.length - 3);
    expect(succeeded({ steps: results })).toBe(false);
  });

  it('is destroyed when the time is over, by a run that nothing aborts any more', async () => {
    const { wanted, calls, over } = fakeRun({
      up: () => {
        over.abort();
        return Promise.resolve(ok);
      },
    });
    const results = await carryOut(wanted);
    expect(calls).toEqual(['destroy', 'remove']);
    expect(results.at(-1)).toMatchObject({ name: 'nothing is left', verdict: 'passed' });
    expect(results[1]).toMatchObject({ verdict: 'left out', detail: 'the time was over' });
  });

  it('is destroyed once more when that failed', async () => {
    const answers = [{ code: 1, printed: 'error: InvalidIPAddress.InUse' }, ok];
    const { wanted, calls } = fakeRun({
      up: () => Promise.resolve({ code: 1, printed: '' }),
      destroy: () => Promise.resolve(answers.shift() ?? ok),
    });
    const ends = (await carryOut(wanted)).slice(-3).map(({ name, verdict }) => [name, verdict]);
    expect(ends).toEqual([
      ['destroy', 'failed'],
      ['destroy again', 'passed'],
      ['nothing is left', 'passed'],
    ]);
    expect(calls).toEqual(['remove']);
  });

  it('that leaves something says what, and how to remove it', async () => {
    const { wanted } = fakeRun({
      up: () => Promise.resolve({ code: 1, printed: '' }),
      left: ['Elastic IP eipalloc-1'],
    });
    expect((await carryOut(wanted)).at(-1)).toMatchObject({
      verdict: 'failed',
      detail: '1 resources: remove them with npm run aws-check -- --sweep --region eu-central-1',
      text: 'Elastic IP eipalloc-1',
    });
  });
});

describe('a program that a check runs', () => {
  it('is interrupted when the time is over', async () => {
    const over = new AbortController();
    const script =
      'process.on("SIGINT", () => process.exit(7)); setInterval(() => {}, 1000); console.log("on")';
    const running = run(process.execPath, ['-e', script], over.signal);
    const timer = setInterval(() => over.abort(), 300);
    expect((await running).code).not.toBe(0);
    clearInterval(timer);
  });
});

describe('the command line of a check', () => {
  it('is refused with all that is wrong with it', () => {
    const given = ['--os', 'debian-9', '--budget', 'much', '--minutes', '5', '--failovers', 'meteor'];
    expect(() => readSettings(given)).toThrow(
      /^--region: is missing; .*\n--os: is "debian-9"; .*\n--budget: is much; .*\n--minutes: is 5; .*\n--failovers: is "meteor"; /,
    );
  });

  it("does not crash a host of the lab's, which has this machine's kernel", () => {
    expect(settings.failovers).toContain('hostCrash');
    expect(readSettings(['--lab']).failovers).not.toContain('hostCrash');
    expect(() => readSettings(['--lab', '--failovers', 'hostCrash'])).toThrow('--failovers: is "hostCrash"');
  });
});

describe('a report', () => {
  it('has a row for each step, and the end of what it printed', () => {
    const text = Array.from({ length: 200 }, (_, line) => `line ${line}`).join('\n');
    const steps = [{ name: 'up', verdict: 'failed', seconds: 1.4, detail: 'a | b', text }] as const;
    const report = reportMarkdown({ facts: { region: 'eu-central-1' }, steps });
    expect(report).toContain('# aws-check: failed\n\n- region: eu-central-1\n');
    expect(report).toContain('| up | failed | 1 | a \\| b |');
    expect(report).toContain('... 80 lines before\nline 80\n');
    expect(report).toContain('line 199\n```');
  });
});
