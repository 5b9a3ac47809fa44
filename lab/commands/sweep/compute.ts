import * as ec2 from '@aws-sdk/client-ec2';
import type { Account, ResourceType } from './resourceType';

/** Hosts, their disks and addresses, in the order in which they can go. */
export function computeTypes(account: Account): readonly ResourceType[] {
  const client = new ec2.EC2Client(account);
  return [
    {
      what: 'instance',
      list: async () => {
        const states = ['pending', 'running', 'stopping', 'stopped'];
        const filter = { Filters: [{ Name: 'instance-state-name', Values: states }] };
        const { Reservations = [] } = await client.send(new ec2.DescribeInstancesCommand(filter));
        return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
      },
      remove: async (id) => {
        await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }));
        await ec2.waitUntilInstanceTerminated(
          { client, maxWaitTime: 90, minDelay: 1, maxDelay: 2 },
          { InstanceIds: [id] },
        );
      },
    },
    {
      what: 'NAT gateway',
      list: async () => {
        const { NatGateways = [] } = await client.send(new ec2.DescribeNatGatewaysCommand({}));
        return NatGateways.filter(({ State }) => State !== 'deleted').map(({ NatGatewayId }) => NatGatewayId);
      },
      remove: (id) => client.send(new ec2.DeleteNatGatewayCommand({ NatGatewayId: id })),
    },
    {
      what: 'Elastic IP',
      list: async () => {
        const { Addresses = [] } = await client.send(new ec2.DescribeAddressesCommand({}));
        return Addresses.map(({ AllocationId }) => AllocationId);
      },
      remove: async (id) => {
        const { Addresses: [address] = [] } = await client.send(
          new ec2.DescribeAddressesCommand({ AllocationIds: [id] }),
        );
        // Its interface may be one that stays.
        const AssociationId = address?.AssociationId;
        if (AssociationId !== undefined)
          await client.send(new ec2.DisassociateAddressCommand({ AssociationId }));
        await client.send(new ec2.ReleaseAddressCommand({ AllocationId: id }));
      },
    },
    {
      what: 'network interface',
      list: async () => {
        const { NetworkInterfaces = [] } = await client.send(new ec2.DescribeNetworkInterfacesCommand({}));
        return NetworkInterfaces.filter(({ Status }) => Status === 'available').map(
          (each) => each.NetworkInterfaceId,
        );
      },
      remove: (id) => client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
    },
    {
      what: 'volume',
      list: async () => {
        const { Volumes = [] } = await client.send(new ec2.DescribeVolumesCommand({}));
        // Root disks go with their instances.
        const own = Volumes.filter(
          ({ Attachments = [] }) =>
            !Attachments.some(({ DeleteOnTermination }) => DeleteOnTermination === true),
        );
        return own.map(({ VolumeId }) => VolumeId);
      },
      remove: async (id) => {
        const { Volumes: [volume] = [] } = await client.send(
          new ec2.DescribeVolumesCommand({ VolumeIds: [id] }),
        );
        if (volume?.State === 'in-use') {
          await client.send(new ec2.DetachVolumeCommand({ VolumeId: id }));
          await ec2.waitUntilVolumeAvailable(
            { client, maxWaitTime: 90, minDelay: 1, maxDelay: 2 },
            { VolumeIds: [id] },
          );
        }
        await client.send(new ec2.DeleteVolumeCommand({ VolumeId: id }));
      },
    },
    {
      what: 'key pair',
      list: async () => {
        const { KeyPairs = [] } = await client.send(new ec2.DescribeKeyPairsCommand({}));
        return KeyPairs.map(({ KeyName }) => KeyName);
      },
      remove: (id) => client.send(new ec2.DeleteKeyPairCommand({ KeyName: id })),
    },
  ];
}
