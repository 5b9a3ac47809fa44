import { describe, expect, it } from 'vitest';
import { subnetId, TestRegion } from './lab-apiRegion';

function code(expected: string): object {
  return { code: expected };
}

describe('private addresses', () => {
  it('are refused when they are taken', async () => {
    const lab = new TestRegion();
    await lab.interface({ PrivateIpAddress: '10.20.1.9' });
    await expect(lab.interface({ PrivateIpAddress: '10.20.1.9' })).rejects.toMatchObject(
      code('InvalidIPAddress.InUse'),
    );
    expect(lab.fabric.last.interfaces).toHaveLength(1);
  });

  it.each(['10.20.2.9', '10.20.1.0', '10.20.1.3', '10.20.1.15', 'ten'])(
    'are refused outside of what a subnet gives: %s',
    async (address) => {
      const lab = new TestRegion();
      await expect(lab.interface({ PrivateIpAddress: address })).rejects.toMatchObject(
        code('InvalidParameterValue'),
      );
    },
  );

  it('are chosen outside of explicit reservations, but may be asked for inside', async () => {
    const lab = new TestRegion();
    expect(lab.addressesOf(await lab.interface())).toEqual(['10.20.1.8']);
    expect(lab.addressesOf(await lab.interface({ PrivateIpAddress: '10.20.1.5' }))).toEqual(['10.20.1.5']);
  });

  it('run out', async () => {
    const lab = new TestRegion();
    for (let count = 0; count < 7; count += 1) await lab.interface();
    await expect(lab.interface()).rejects.toMatchObject(code('InsufficientFreeAddressesInSubnet'));
  });

  it('are not moved without being allowed to', async () => {
    const lab = new TestRegion();
    const [a, b] = [await lab.interface(), await lab.interface()];
    await lab.call('AssignPrivateIpAddresses', { NetworkInterfaceId: a, 'PrivateIpAddress.1': '10.20.1.12' });
    await expect(
      lab.call('AssignPrivateIpAddresses', { NetworkInterfaceId: b, 'PrivateIpAddress.1': '10.20.1.12' }),
    ).rejects.toMatchObject(code('InvalidParameterValue'));
    expect(lab.addressesOf(a)).toContain('10.20.1.12');
  });

  it('move to the last who asks, with their Elastic IP, and are then on one interface only', async () => {
    const lab = new TestRegion();
    const [a, b] = [await lab.interface(), await lab.interface()];
    const { allocationId, publicIp } = await lab.elasticIp();
    await lab.call('AssignPrivateIpAddresses', { NetworkInterfaceId: a, 'PrivateIpAddress.1': '10.20.1.12' });
    await lab.call('AssociateAddress', {
      AllocationId: allocationId,
      NetworkInterfaceId: a,
      PrivateIpAddress: '10.20.1.12',
    });
    const before = lab.fabric.applied.length;
    await lab.call('AssignPrivateIpAddresses', {
      NetworkInterfaceId: b,
      'PrivateIpAddress.1': '10.20.1.12',
      AllowReassignment: 'true',
    });
    expect(lab.fabric.applied).toHaveLength(before + 1);
    expect(lab.fabric.last.interfaces.flatMap((each) => each.addresses)).toEqual([
      '10.20.1.8',
      '10.20.1.9',
      '10.20.1.12',
    ]);
    expect(lab.fabric.last.elasticIps).toEqual([{ publicIp, privateIp: '10.20.1.12', interfaceId: b }]);
  });

  it('that are primary stay where they are', async () => {
    const lab = new TestRegion();
    const [a, b] = [await lab.interface(), await lab.interface()];
    await expect(
      lab.call('AssignPrivateIpAddresses', {
        NetworkInterfaceId: b,
        'PrivateIpAddress.1': lab.addressesOf(a)[0] ?? '',
        AllowReassignment: 'true',
      }),
    ).rejects.toMatchObject(code('InvalidParameterValue'));
  });
});

describe('Elastic IPs', () => {
  it('are five at most', async () => {
    const lab = new TestRegion();
    for (let count = 0; count < 5; count += 1) await lab.elasticIp();
    await expect(lab.elasticIp()).rejects.toMatchObject(code('AddressLimitExceeded'));
  });

  it('are associated idempotently: the same association, and nothing to do for the network', async () => {
    const lab = new TestRegion();
    const association = {
      AllocationId: (await lab.elasticIp()).allocationId,
      NetworkInterfaceId: await lab.interface(),
    };
    const first = await lab.call('AssociateAddress', association);
    const applied = lab.fabric.applied.length;
    const second = await lab.call('AssociateAddress', association);
    expect(second.text('associationId')).toBe(first.text('associationId'));
    expect(lab.fabric.applied).toHaveLength(applied);
  });

  it('move by default, and not where that is refused', async () => {
    const lab = new TestRegion();
    const { allocationId } = await lab.elasticIp();
    const [a, b] = [await lab.interface(), await lab.interface()];
    await lab.call('AssociateAddress', { AllocationId: allocationId, NetworkInterfaceId: a });
    const move = { AllocationId: allocationId, NetworkInterfaceId: b };
    await expect(
      lab.call('AssociateAddress', { ...move, AllowReassociation: 'false' }),
    ).rejects.toMatchObject(code('Resource.AlreadyAssociated'));
    await lab.call('AssociateAddress', move);
    expect(lab.fabric.last.elasticIps.map((each) => each.interfaceId)).toEqual([b]);
  });

  it('need a private address that the interface has', async () => {
    const lab = new TestRegion();
    await expect(
      lab.call('AssociateAddress', {
        AllocationId: (await lab.elasticIp()).allocationId,
        NetworkInterfaceId: await lab.interface(),
        PrivateIpAddress: '10.20.1.14',
      }),
    ).rejects.toMatchObject(code('InvalidParameterValue'));
  });

  it('need an internet gateway', async () => {
    const lab = new TestRegion();
    lab.region.network = { ...lab.region.network, internetGatewayIds: [] };
    await expect(
      lab.call('AssociateAddress', {
        AllocationId: (await lab.elasticIp()).allocationId,
        NetworkInterfaceId: await lab.interface(),
      }),
    ).rejects.toMatchObject(code('Gateway.NotAttached'));
  });

  it('are found by their tags, and are not released while in use', async () => {
    const lab = new TestRegion();
    await lab.elasticIp();
    const { allocationId } = await lab.elasticIp();
    await lab.call('AssociateAddress', {
      AllocationId: allocationId,
      NetworkInterfaceId: await lab.interface(),
    });
    await lab.call('CreateTags', { 'ResourceId.1': allocationId, 'Tag.1.Key': 'role', 'Tag.1.Value': 'vip' });
    const found = await lab.call('DescribeAddresses', {
      'Filter.1.Name': 'tag:role',
      'Filter.1.Value.1': 'v*',
    });
    expect(found.items('addressesSet').map((each) => each.text('allocationId'))).toEqual([allocationId]);
    await expect(lab.call('ReleaseAddress', { AllocationId: allocationId })).rejects.toMatchObject(
      code('InvalidIPAddress.InUse'),
    );
    await expect(
      lab.call('DescribeAddresses', { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' }),
    ).rejects.toThrow("The filter 'colour' is invalid");
  });

  it('of a NAT gateway are routed by it, count for the quota, and come free with it', async () => {
    const lab = new TestRegion();
    const { allocationId, publicIp } = await lab.elasticIp();
    const made = await lab.call('CreateNatGateway', { SubnetId: subnetId, AllocationId: allocationId });
    const natGatewayId = made.child('natGateway').text('natGatewayId');
    expect(lab.fabric.last.natGateways).toEqual([{ natGatewayId, subnetId, publicIp }]);
    expect(lab.fabric.last.elasticIps).toEqual([]);
    expect(lab.fabric.last.interfaces).toEqual([]);
    await expect(
      lab.call('CreateNatGateway', { SubnetId: subnetId, AllocationId: allocationId }),
    ).rejects.toMatchObject(code('Resource.AlreadyAssociated'));
    await lab.call('DeleteNatGateway', { NatGatewayId: natGatewayId });
    expect(lab.fabric.last.natGateways).toEqual([]);
    await lab.call('ReleaseAddress', { AllocationId: allocationId });
  });
});

describe('routes', () => {
  const overlay = { DestinationCidrBlock: '10.99.0.1/32' };

  it('to an interface move by ReplaceRoute, which needs one that is there', async () => {
    const lab = new TestRegion();
    const table =
      (await lab.call('DescribeRouteTables')).items('routeTableSet')[0]?.text('routeTableId') ?? '';
    const route = { ...overlay, RouteTableId: table, NetworkInterfaceId: await lab.interface() };
    await expect(lab.call('ReplaceRoute', route)).rejects.toMatchObject(code('InvalidRoute.NotFound'));
    await lab.call('CreateRoute', route);
    await lab.call('ReplaceRoute', { ...route, NetworkInterfaceId: await lab.interface() });
    const described = (await lab.call('DescribeRouteTables')).items('routeTableSet')[0]?.items('routeSet');
    // Nothing is attached to that interface.
    expect(described?.at(-1)?.text('state')).toBe('blackhole');
    await expect(lab.call('CreateRoute', route)).rejects.toMatchObject(code('RouteAlreadyExists'));
    await lab.call('DeleteRoute', { ...overlay, RouteTableId: table });
    await expect(lab.call('DeleteRoute', { ...overlay, RouteTableId: table })).rejects.toMatchObject(
      code('InvalidRoute.NotFound'),
    );
  });

  it('of a subnet are those of its own table, else of the main one', async () => {
    const lab = new TestRegion();
    const created = await lab.call('CreateRouteTable', { VpcId: 'vpc-1' });
    const table = created.child('routeTable').text('routeTableId');
    await lab.interface();
    expect(lab.fabric.last.subnets[0]?.routeTableId).not.toBe(table);
    await lab.call('AssociateRouteTable', { RouteTableId: table, SubnetId: subnetId });
    expect(lab.fabric.last.subnets[0]?.routeTableId).toBe(table);
    await expect(lab.call('DeleteRouteTable', { RouteTableId: table })).rejects.toMatchObject(
      code('DependencyViolation'),
    );
  });
});

describe('a burst of calls', () => {
  it('shares one run of the network behind the running one, which sees all of them', async () => {
    const lab = new TestRegion();
    let release = () => {};
    const held = new Promise<void>((done) => (release = done));
    lab.fabric.beforeApply = () => held;
    const calls = [1, 2, 3, 4, 5].map(() => lab.interface());
    release();
    await Promise.all(calls);
    expect(lab.fabric.applied.map((vpc) => vpc.interfaces.length)).toEqual([1, 5]);
  });

  it('is not said to be done before it is, not even to who changes nothing', async () => {
    const lab = new TestRegion();
    const association = {
      AllocationId: (await lab.elasticIp()).allocationId,
      NetworkInterfaceId: await lab.interface(),
    };
    lab.fabric.beforeApply = () => Promise.reject(new Error('nft is gone'));
    await expect(lab.call('AssociateAddress', association)).rejects.toThrow('nft is gone');
    lab.fabric.beforeApply = () => Promise.resolve();
    await lab.call('AssociateAddress', association);
    expect(lab.fabric.last.elasticIps).toHaveLength(1);
  });
});
