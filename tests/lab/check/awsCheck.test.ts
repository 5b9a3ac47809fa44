import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finished, lab } from '../../../proving/lab';
import { repositoryRoot } from '../../../proving/product';

/**
 * The check as it runs on AWS, whose caller may do what docs/aws/deployer-policy.json allows and no more: so it is the
 * test of both.
 */
const folder = mkdtempSync(join(tmpdir(), 'aws-check-'));
const report = join(folder, 'report.md');

async function awsCheck(...args: string[]) {
  const program = ['--import', 'tsx', 'awsCheck/cli.ts', '--lab', ...args];
  return finished(
    spawn(process.execPath, program, { cwd: repositoryRoot, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

beforeAll(async () => {
  await lab(['down']);
});

afterAll(async () => {
  await lab(['down']);
  rmSync(folder, { recursive: true });
});

describe('aws-check', () => {
  it(
    'takes a stack through its life with the rights of the documented policy, and leaves nothing',
    { timeout: 900_000 },
    async () => {
      const { code, stdout, stderr } = await awsCheck(
        '--failovers',
        'handover,haproxyKilled',
        '--report',
        report,
      );
      const text = readFileSync(report, 'utf8');
      expect(code, `${text}\n${stderr.slice(-4_000)}`).toBe(0);
      expect(stdout).toContain('passed');
      const steps = [...text.matchAll(/^\| ([a-z][^|]*) \| (passed|failed|left out) \|/gm)];
      expect(steps.map(([, name, verdict]) => [name, verdict])).toEqual(
        [
          'up',
          'verify',
          'a second up is unchanged',
          'failovers',
          'verify after the failovers',
          'a change',
          'verify after the change',
          'an up after the change is unchanged',
          'refresh',
          'an up after the refresh is unchanged',
          'destroy',
          'nothing is left',
        ].map((name) => [name, 'passed']),
      );
    },
  );
});
