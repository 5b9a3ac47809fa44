import { describe, expect, it, vi } from 'vitest';
import { images } from '../../lab/api/images';
import { followMachines } from '../../lab/api/ec2/lifeCycle';
import { subnetId, TestRegion } from './lab-apiRegion';

const image = (parameter: string): string =>
  images.find((each) => each.parameter === parameter)?.imageId ?? `no image ${parameter}`;
const debian13 = image('/aws/service/debian/release/13/latest/amd64');
const one = { MinCount: '1', MaxCount: '1' };

async function launch(lab: TestRegion, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await lab.call('RunInstances', { ImageId: debian13, SubnetId: subnetId, ...one, ...more });
  return answer.items('instancesSet')[0]?.text('instanceId') ?? '';
}

async function untilState(lab: TestRegion, instanceId: string, state: string): Promise<void> {
  await vi.waitFor(() => {
    expect(lab.region.instance(instanceId).state).toBe(state);
  });
}

describe('RunInstances', () => {
  it('boots a machine in the namespace of its interface, with user data as given', async () => {
    const lab = new TestRegion();
    const interfaceId = await lab.interface({ PrivateIpAddress: '10.20.1.9' });
    const userData = Buffer.from([0x1f, 0x8b, 0, 0xff]);
    const instanceId = await launch(lab, {
      'NetworkInterface.1.NetworkInterfaceId': interfaceId,
      'NetworkInterface.1.DeviceIndex': '0',
      UserData: userData.toString('base64'),
    });
    await untilState(lab, instanceId, 'running');
    expect(lab.machines.specs.get(instanceId)).toMatchObject({
      operatingSystem: 'debian-13',
      namespace: `ns-${interfaceId}`,
      hostname: 'ip-10-20-1-9',
      resolver: '10.20.0.2',
      userData,
      rootVolumeGib: 8,
    });
    expect(lab.fabric.last.interfaces[0]).toMatchObject({ interfaceId, instanceId });
  });

  it('refuses user data above 16,384 bytes, and takes as many', async () => {
    const lab = new TestRegion();
    const bytes = (count: number) => ({ UserData: Buffer.alloc(count, 'x').toString('base64') });
    await expect(launch(lab, bytes(16_385))).rejects.toThrow(
      'User data is limited to 16384 bytes; this is 16385',
    );
    expect(lab.region.interfaces.size).toBe(0);
    await expect(launch(lab, bytes(16_384))).resolves.toMatch(/^i-/);
  });

  it.each([
    '/aws/service/debian/release/13/latest/arm64',
    '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id',
  ])('refuses %s, of which the lab has no machine', async (parameter) => {
    const lab = new TestRegion();
    await expect(launch(lab, { ImageId: image(parameter) })).rejects.toThrow(
      /The lab has machines of Debian 12 and 13 on amd64, not of/,
    );
  });

  it('refuses an image that does not exist and an interface that is in use', async () => {
    const lab = new TestRegion();
    await expect(launch(lab, { ImageId: 'ami-1' })).rejects.toMatchObject({ code: 'InvalidAMIID.NotFound' });
    const interfaceId = await lab.interface();
    const given = { 'NetworkInterface.1.NetworkInterfaceId': interfaceId };
    await launch(lab, given);
    await expect(launch(lab, given)).rejects.toMatchObject({ code: 'InvalidNetworkInterface.InUse' });
    await expect(
      lab.call('DeleteNetworkInterface', { NetworkInterfaceId: interfaceId }),
    ).rejects.toMatchObject({ code: 'InvalidNetworkInterface.InUse' });
  });

  it('launches once for one client token', async () => {
    const lab = new TestRegion();
    const first = await launch(lab, { ClientToken: 'again' });
    expect(await launch(lab, { ClientToken: 'again' })).toBe(first);
    expect(lab.region.instances.size).toBe(1);
  });

  it('says why a machine did not boot, and frees its interface', async () => {
    const lab = new TestRegion();
    lab.machines.failNextRun = 'no image';
    const interfaceId = await lab.interface();
    const instanceId = await launch(lab, { 'NetworkInterface.1.NetworkInterfaceId': interfaceId });
    await untilState(lab, instanceId, 'terminated');
    const described = await lab.call('DescribeInstances', { 'InstanceId.1': instanceId });
    const instance = described.items('reservationSet')[0]?.items('instancesSet')[0];
    expect(instance?.child('stateReason').text('message')).toBe('lab: no image');
    expect(lab.region.interface(interfaceId).attachment).toBeUndefined();
  });
});

describe('an instance', () => {
  it('stops and starts with its interface and its addresses', async () => {
    const lab = new TestRegion();
    const instanceId = await launch(lab);
    await untilState(lab, instanceId, 'running');
    await lab.call('StopInstances', { 'InstanceId.1': instanceId });
    await untilState(lab, instanceId, 'stopped');
    expect(lab.fabric.last.interfaces[0]?.instanceId).toBe(instanceId);
    await lab.call('StartInstances', { 'InstanceId.1': instanceId });
    await untilState(lab, instanceId, 'running');
  });

  it('that powers itself off is stopped, or terminated where it says so', async () => {
    const lab = new TestRegion();
    followMachines(lab.region);
    const stopping = await launch(lab);
    const ending = await launch(lab, { InstanceInitiatedShutdownBehavior: 'terminate' });
    await untilState(lab, stopping, 'running');
    await untilState(lab, ending, 'running');
    await lab.machines.powerOff(stopping);
    await lab.machines.powerOff(ending);
    expect(lab.region.instance(stopping).state).toBe('stopped');
    await untilState(lab, ending, 'terminated');
  });

  it('that has been out of reach for ten seconds fails its status check', async () => {
    const lab = new TestRegion();
    const instanceId = await launch(lab);
    await untilState(lab, instanceId, 'running');
    const check = async () => {
      const answer = await lab.call('DescribeInstanceStatus', { 'InstanceId.1': instanceId });
      return answer.items('instanceStatusSet')[0]?.child('instanceStatus').text('status');
    };
    expect(await check()).toBe('ok');
    lab.region.instance(instanceId).unreachableSince = Date.now() - 9_000;
    expect(await check()).toBe('ok');
    lab.region.instance(instanceId).unreachableSince = Date.now() - 11_000;
    expect(await check()).toBe('impaired');
  });

  it('frees an interface that is to stay, and takes its own with it', async () => {
    const lab = new TestRegion();
    const kept = await lab.interface();
    const withKept = await launch(lab, { 'NetworkInterface.1.NetworkInterfaceId': kept });
    const withOwn = await launch(lab);
    for (const instanceId of [withKept, withOwn]) {
      await untilState(lab, instanceId, 'running');
      await lab.call('TerminateInstances', { 'InstanceId.1': instanceId });
      await untilState(lab, instanceId, 'terminated');
    }
    expect([...lab.region.interfaces.keys()]).toEqual([kept]);
    expect(lab.fabric.last.interfaces[0]?.instanceId).toBeUndefined();
    await lab.call('DeleteNetworkInterface', { NetworkInterfaceId: kept });
  });

  it('under protection is not terminated', async () => {
    const lab = new TestRegion();
    const instanceId = await launch(lab, { DisableApiTermination: 'true' });
    await expect(lab.call('TerminateInstances', { 'InstanceId.1': instanceId })).rejects.toMatchObject({
      code: 'OperationNotPermitted',
    });
  });

  it('changes its type only while it is stopped', async () => {
    const lab = new TestRegion();
    const instanceId = await launch(lab);
    await untilState(lab, instanceId, 'running');
    const change = { InstanceId: instanceId, 'InstanceType.Value': 'm7i.large' };
    await expect(lab.call('ModifyInstanceAttribute', change)).rejects.toMatchObject({
      code: 'IncorrectInstanceState',
    });
    await lab.call('StopInstances', { 'InstanceId.1': instanceId });
    await untilState(lab, instanceId, 'stopped');
    await lab.call('ModifyInstanceAttribute', change);
    expect(lab.region.instance(instanceId).instanceType).toBe('m7i.large');
  });
});

describe('volumes', () => {
  it('are attached to one instance at a time, and outlive it', async () => {
    const lab = new TestRegion();
    const [a, b] = [await launch(lab), await launch(lab)];
    await untilState(lab, a, 'running');
    await untilState(lab, b, 'running');
    const made = await lab.call('CreateVolume', { AvailabilityZone: 'eu-central-1a', Size: '2' });
    const volume = { VolumeId: made.text('volumeId') };
    const attach = (InstanceId: string) =>
      lab.call('AttachVolume', { ...volume, InstanceId, Device: '/dev/sdf' });
    await attach(a);
    expect(lab.machines.plugged).toContain(volume.VolumeId);
    await expect(attach(b)).rejects.toMatchObject({ code: 'VolumeInUse' });
    await expect(lab.call('DeleteVolume', volume)).rejects.toMatchObject({ code: 'VolumeInUse' });
    await lab.call('TerminateInstances', { 'InstanceId.1': a });
    await untilState(lab, a, 'terminated');
    await attach(b);
    await lab.call('DetachVolume', volume);
    await vi.waitFor(() => lab.call('DeleteVolume', volume));
    expect(lab.machines.volumes).not.toContain(volume.VolumeId);
  });

  it('grows a volume and what a machine sees of it, and shrinks none', async () => {
    const lab = new TestRegion();
    const made = await lab.call('CreateVolume', { AvailabilityZone: 'eu-central-1a', Size: '2' });
    const VolumeId = made.text('volumeId');
    await lab.call('ModifyVolume', { VolumeId, Size: '5' });
    expect(lab.machines.grown.get(VolumeId)).toBe(5);
    await expect(lab.call('ModifyVolume', { VolumeId, Size: '4' })).rejects.toThrow('cannot be smaller');
  });

  it('of another zone are refused', async () => {
    const lab = new TestRegion();
    const InstanceId = await launch(lab);
    await untilState(lab, InstanceId, 'running');
    const made = await lab.call('CreateVolume', { AvailabilityZone: 'eu-central-1b', Size: '2' });
    const VolumeId = made.text('volumeId');
    await expect(
      lab.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' }),
    ).rejects.toMatchObject({ code: 'InvalidVolume.ZoneMismatch' });
  });
});
