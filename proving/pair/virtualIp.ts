import {
  DescribeAddressesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { z } from 'zod';

/** Where EC2 keeps the virtual IP, as a balancer's /etc/emqx-haproxy/aws.json says. */
export type VirtualIp = z.infer<typeof schema>['virtualIp'];

export type Mode = VirtualIp['mode'];

/** The EC2 call that makes a balancer the holder. */
export const claimActions: Readonly<Record<Mode, string>> = {
  elasticIp: 'AssociateAddress',
  route: 'ReplaceRoute',
  privateIp: 'AssignPrivateIpAddresses',
};

const schema = z.object({
  virtualIp: z.discriminatedUnion('mode', [
    z.object({ mode: z.literal('elasticIp'), allocationId: z.string() }),
    z.object({ mode: z.literal('route'), address: z.string(), routeTableIds: z.array(z.string()) }),
    z.object({ mode: z.literal('privateIp'), address: z.string(), subnetId: z.string() }),
  ]),
});

export function parseVirtualIp(awsJson: string): VirtualIp {
  return schema.parse(JSON.parse(awsJson)).virtualIp;
}

/** The one instance that EC2 sends the virtual IP to; undefined when there is none, or more than one. */
export async function holdingInstance(client: EC2Client, virtualIp: VirtualIp): Promise<string | undefined> {
  const [instance, ...others] = new Set(await holdingInstances(client, virtualIp));
  return others.length === 0 ? instance : undefined;
}

async function holdingInstances(
  client: EC2Client,
  virtualIp: VirtualIp,
): Promise<readonly (string | undefined)[]> {
  switch (virtualIp.mode) {
    case 'elasticIp': {
      const query = new DescribeAddressesCommand({ AllocationIds: [virtualIp.allocationId] });
      const { Addresses = [] } = await client.send(query);
      return Addresses.map(({ InstanceId }) => InstanceId);
    }
    case 'route': {
      const query = new DescribeRouteTablesCommand({ RouteTableIds: virtualIp.routeTableIds });
      const { RouteTables = [] } = await client.send(query);
      return RouteTables.flatMap(({ Routes = [] }) => Routes)
        .filter(({ DestinationCidrBlock }) => DestinationCidrBlock === `${virtualIp.address}/32`)
        .map(({ InstanceId }) => InstanceId);
    }
    case 'privateIp': {
      const Filters = [
        { Name: 'addresses.private-ip-address', Values: [virtualIp.address] },
        { Name: 'subnet-id', Values: [virtualIp.subnetId] },
      ];
      const { NetworkInterfaces = [] } = await client.send(new DescribeNetworkInterfacesCommand({ Filters }));
      return NetworkInterfaces.map(({ Attachment }) => Attachment?.InstanceId);
    }
  }
}
