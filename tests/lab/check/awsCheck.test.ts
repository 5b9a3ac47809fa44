import { EC2 } from '@aws-sdk/client-ec2';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labCredentials } from '../../../lab/engine/environment';
import { finished, lab } from '../../../proving/lab';
import { repositoryRoot } from '../../../proving/product';

const region = 'eu-central-1';

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

  it('removes what an interrupted run left, and nothing of another stack', async () => {
    const ec2 = new EC2({ region, ...labCredentials });
    const tagsOf = (stack: string) => [
      { Key: 'emqx-haproxy:platform', Value: 'mqtt' },
      { Key: 'emqx-haproxy:stack', Value: `emqx-haproxy/${stack}` },
    ];
    const addressOf = async (stack: string) => {
      const TagSpecifications = [{ ResourceType: 'elastic-ip', Tags: tagsOf(stack) } as const];
      return (await ec2.allocateAddress({ Domain: 'vpc', TagSpecifications })).AllocationId;
    };
    const TagSpecifications = [{ ResourceType: 'vpc', Tags: tagsOf('aws-check-1') } as const];
    const { Vpc } = await ec2.createVpc({ CidrBlock: '10.99.0.0/16', TagSpecifications });
    const [own, foreign] = [await addressOf('aws-check-1'), await addressOf('prod')];
    const secrets = new SecretsManager({ region, ...labCredentials });
    await secrets.createSecret({ Name: 'mqtt-left', SecretString: 'x', Tags: tagsOf('aws-check-1') });

    const { code, stdout } = await awsCheck('--sweep');
    expect(code, stdout).toBe(0);
    for (const id of [own, Vpc?.VpcId, 'mqtt-left']) expect(stdout).toContain(id);
    const { Addresses = [] } = await ec2.describeAddresses({});
    expect(Addresses.map(({ AllocationId }) => AllocationId)).toEqual([foreign]);
    expect((await ec2.describeVpcs({})).Vpcs).toEqual([]);
    expect((await awsCheck('--sweep')).stdout).toBe('nothing is left\n');
  });
});
