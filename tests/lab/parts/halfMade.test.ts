import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../../proving/product';
import { RestoredStack } from '../../upgrade/restoredStack';
import { ApiLab } from '../../../proving/region/apiLab';

/** The product's own program, in an account that grants too little and does not let its quotas be read. */
const deployer = JSON.parse(
  readFileSync(join(repositoryRoot, 'docs', 'aws', 'deployer-policy.json'), 'utf8'),
) as { readonly Statement: readonly { readonly Action: string | readonly string[] }[] };
const withoutQuotas = {
  ...deployer,
  Statement: deployer.Statement.map((statement) => ({
    ...statement,
    Action: [statement.Action].flat().filter((action) => !action.startsWith('servicequotas:')),
  })),
};

describe('an up that EC2 refuses in the middle', () => {
  let lab: ApiLab;
  let stack: RestoredStack;
  beforeAll(async () => {
    lab = await ApiLab.open();
    lab.region.account = { ...lab.region.account, runnerPolicy: withoutQuotas, vcpuQuota: 1 };
    stack = await RestoredStack.open(lab, undefined, join(repositoryRoot, 'Pulumi.lab.yaml'));
  });
  afterAll(async () => {
    stack.close();
    await lab.close();
  });

  it('has said what it could not check, and tells what EC2 said', async () => {
    const said = await stack.up().then(
      () => 'it was not refused',
      (error: unknown) => String(error),
    );
    expect(said).toMatch(/the quota L-1216C47A \(vCPUs of running .*\) cannot be read, so it is not checked/);
    expect(said).toContain('VcpuLimitExceeded');
    expect([...lab.region.instances.values()]).toEqual([]);
  });

  it('is gone on with by the next one, which makes what is missing and nothing anew', async () => {
    lab.region.account = { ...lab.region.account, vcpuQuota: 32 };
    const steps = await stack.preview();
    const ops = new Set(steps.map(({ op }) => op));
    expect([...ops].filter((op) => !['same', 'create', 'read'].includes(op))).toEqual([]);
    const missing = steps.flatMap(({ op, newState }) => (op === 'create' ? [newState?.type ?? ''] : []));
    expect(missing).toContain('aws:ec2/instance:Instance');
    expect(missing).not.toContain('aws:ec2/vpc:Vpc');
  });

  it('is taken away whole by one destroy', async () => {
    await stack.destroy();
    const { region } = lab;
    expect([region.interfaces.size, region.elasticIps.size, region.volumes.size]).toEqual([0, 0, 0]);
    expect(region.network.vpc).toBeUndefined();
  });
});
