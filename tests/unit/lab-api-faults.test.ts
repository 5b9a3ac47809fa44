import { describe, expect, it } from 'vitest';
import { Faults, faultSchema, type Fault } from '../../lab/api/faults';
import { InstanceCredentials } from '../../lab/api/iam/instanceCredentials';

const associate = { service: 'ec2', action: 'AssociateAddress', caller: 'instance' } as const;
const open = new Promise<void>(() => undefined);

function fault(text: object): Fault {
  return faultSchema.parse(text);
}

describe('faults of the API', () => {
  it('throttle with the code of the service', async () => {
    const faults = new Faults();
    faults.add(fault({ kind: 'throttle' }));
    await expect(faults.suffer(associate, open)).rejects.toMatchObject({
      code: 'RequestLimitExceeded',
      status: 503,
    });
    await expect(
      faults.suffer({ service: 'secretsmanager', action: 'GetSecretValue', caller: 'instance' }, open),
    ).rejects.toMatchObject({ code: 'ThrottlingException' });
  });

  it('spare other actions, the runner, and the metadata', async () => {
    const faults = new Faults();
    faults.add(fault({ kind: 'error', action: 'AssociateAddress' }));
    await expect(faults.suffer({ ...associate, action: 'DescribeAddresses' }, open)).resolves.toBe(true);
    await expect(faults.suffer({ ...associate, caller: 'runner' }, open)).resolves.toBe(true);
    await expect(faults.suffer({ ...associate, service: 'imds' }, open)).resolves.toBe(true);
    await expect(faults.suffer(associate, open)).rejects.toMatchObject({ code: 'InternalError' });
  });

  it('reach the metadata and the runner when told so', async () => {
    const faults = new Faults();
    faults.add(fault({ kind: 'error', service: 'imds' }));
    faults.add(fault({ kind: 'throttle', service: 'ec2', callers: 'all' }));
    await expect(
      faults.suffer({ service: 'imds', action: 'GET', caller: 'instance' }, open),
    ).rejects.toThrow();
    await expect(faults.suffer({ ...associate, caller: 'runner' }, open)).rejects.toThrow();
  });

  it('end by themselves', async () => {
    let now = 0;
    const faults = new Faults(() => now);
    faults.add(fault({ kind: 'error', forSeconds: 2 }));
    now = 1999;
    await expect(faults.suffer(associate, open)).rejects.toThrow();
    now = 2000;
    await expect(faults.suffer(associate, open)).resolves.toBe(true);
    expect(faults.list()).toEqual([]);
  });

  it('hang until they are cleared, and then leave the call unanswered', async () => {
    const faults = new Faults();
    faults.add(fault({ kind: 'hang' }));
    const suffering = faults.suffer(associate, open);
    faults.clear();
    await expect(suffering).resolves.toBe(false);
    await expect(faults.suffer(associate, open)).resolves.toBe(true);
  });

  it('delay a call, which is answered then', async () => {
    const faults = new Faults();
    faults.add(fault({ kind: 'delay', delayMs: 30 }));
    const begun = performance.now();
    await expect(faults.suffer(associate, open)).resolves.toBe(true);
    expect(performance.now() - begun).toBeGreaterThan(25);
  });

  it('shift the clock that judges signatures', () => {
    const faults = new Faults();
    faults.add(fault({ kind: 'skew', seconds: 600 }));
    expect(faults.skewMs(associate)).toBe(600_000);
    faults.clear();
    expect(faults.skewMs(associate)).toBe(0);
  });

  it.each([{ kind: 'delay' }, { kind: 'throttle', delayMs: 3 }, { kind: 'fire' }, { kind: 'skew' }])(
    'are refused when they are not whole: %j',
    (text) => {
      expect(faultSchema.safeParse(text).success).toBe(false);
    },
  );
});

describe('credentials of instances', () => {
  it('stay the same until a fifth of their life is left, and then rotate while the old ones are good', () => {
    let now = 0;
    const issued = new InstanceCredentials(100, () => now);
    const first = issued.of('i-1', 'role');
    now = 79_999;
    expect(issued.of('i-1', 'role')).toBe(first);
    now = 80_000;
    const second = issued.of('i-1', 'role');
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(second.expiresAt).toBe(180_000);
    expect(issued.withKey(first.accessKeyId)).toBe(first);
  });

  it('are no other instance’s', () => {
    const issued = new InstanceCredentials();
    expect(issued.of('i-1', 'role').token).not.toBe(issued.of('i-2', 'role').token);
  });

  it('have the lifetime that was set last', () => {
    const issued = new InstanceCredentials(3600, () => 0);
    issued.of('i-1', 'role');
    issued.setLifetime(5);
    expect(issued.of('i-1', 'role').expiresAt).toBe(5000);
  });
});
