import { EC2 } from '@aws-sdk/client-ec2';
import { labCredentials } from '../../../lab/engine/environment';
import { letBrokersReach as reach } from '../../../proving/pair/labClients';

/** EC2's own view of a virtual IP, and what a client in the VPC needs of it. */
const ec2 = new EC2({ region: 'eu-central-1', ...labCredentials });

/** Names of the balancers that hold the address in EC2's view, by mode: never more than one may. */
export const holders = {
  async elasticIp(address: string): Promise<readonly string[]> {
    const { Addresses = [] } = await ec2.describeAddresses({ PublicIps: [address] });
    return namesOf(Addresses.map(({ NetworkInterfaceId }) => NetworkInterfaceId));
  },

  async route(address: string): Promise<readonly string[]> {
    const destination = `${address}/32`;
    const Filters = [{ Name: 'route.destination-cidr-block', Values: [destination] }];
    const { RouteTables = [] } = await ec2.describeRouteTables({ Filters });
    const routes = RouteTables.flatMap(({ Routes = [] }) => Routes);
    return namesOf(
      routes
        .filter(({ DestinationCidrBlock }) => DestinationCidrBlock === destination)
        .map(({ NetworkInterfaceId }) => NetworkInterfaceId),
    );
  },

  async privateIp(address: string): Promise<readonly string[]> {
    const Filters = [{ Name: 'addresses.private-ip-address', Values: [address] }];
    const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces({ Filters });
    return namesOf(NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId));
  },
};

/** Lets a broker host be a client of the virtual IP. */
export async function letBrokersReach(address: string, port: number): Promise<void> {
  await reach(ec2, address, port);
}

async function namesOf(interfaceIds: readonly (string | undefined)[]): Promise<readonly string[]> {
  const NetworkInterfaceIds = [...new Set(interfaceIds)].flatMap((id) => id ?? []);
  if (NetworkInterfaceIds.length === 0) return [];
  const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds });
  return NetworkInterfaces.map(({ TagSet = [] }) => {
    const name = TagSet.find(({ Key }) => Key === 'Name')?.Value ?? '';
    return name.replace(/^mqtt-/, '');
  });
}

/** Ids of what costs money or stands in the way of the next stack. */
export async function leftovers(): Promise<readonly string[]> {
  const [vpcs, addresses, interfaces, volumes, instances] = await Promise.all([
    ec2.describeVpcs({}),
    ec2.describeAddresses({}),
    ec2.describeNetworkInterfaces({}),
    ec2.describeVolumes({}),
    ec2.describeInstances({}),
  ]);
  const alive = (instances.Reservations ?? [])
    .flatMap(({ Instances }) => Instances ?? [])
    .filter(({ State }) => State?.Name !== 'terminated');
  return [
    ...(vpcs.Vpcs ?? []).map(({ VpcId }) => VpcId),
    ...(addresses.Addresses ?? []).map(({ AllocationId }) => AllocationId),
    ...(interfaces.NetworkInterfaces ?? []).map(({ NetworkInterfaceId }) => NetworkInterfaceId),
    ...(volumes.Volumes ?? []).map(({ VolumeId }) => VolumeId),
    ...alive.map(({ InstanceId }) => InstanceId),
  ].map((id) => id ?? '');
}
