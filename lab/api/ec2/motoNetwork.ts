import { AwsError } from '../awsError';
import { Parameters } from '../parameters';
import type { XmlNode } from '../xml';
import { changedBy, refreshNetwork, type NetworkView } from './network';
import type { Region } from './region';
import { forgetRouteTable, newRouteTable } from './routeTables';
import { isLocalZone } from './zones';

/**
 * Calls about VPCs, subnets, gateways and security groups: moto keeps them, the front guards what hangs on its own
 * records and tells the fabric. One change at a time, or an older reading could overwrite a newer one.
 */
export class MotoNetwork {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly region: Region) {}

  /** A region as a careful account has it: without the default VPC. */
  async prepare(): Promise<void> {
    for (const subnet of (await this.ask('DescribeSubnets')).items('subnetSet')) {
      await this.ask('DeleteSubnet', { SubnetId: subnet.text('subnetId') });
    }
    for (const vpc of (await this.ask('DescribeVpcs')).items('vpcSet')) {
      await this.ask('DeleteVpc', { VpcId: vpc.text('vpcId') });
    }
  }

  /** Passes a call on by `forward`, which says whether moto did it. */
  async pass(parameters: Parameters, forward: (body: string) => Promise<boolean>): Promise<void> {
    const part = changedBy(parameters.action);
    if (part === undefined) {
      await forward(parameters.encode());
      return;
    }
    const turn = this.last.then(() => this.change(part, parameters, forward));
    this.last = turn.catch(() => undefined);
    await turn;
  }

  private async change(
    part: keyof NetworkView,
    parameters: Parameters,
    forward: (body: string) => Promise<boolean>,
  ): Promise<void> {
    const { region } = this;
    guards[parameters.action]?.(region, parameters);
    if (!(await forward(withPorts(parameters).encode()))) return;
    if (parameters.action === 'CreateSubnet') await this.keepFromPublicAddresses();
    const former = region.network.vpc;
    region.network = await refreshNetwork(region.moto, region.name, region.network, part);
    const { vpc } = region.network;
    if (former === undefined && vpc !== undefined) newRouteTable(region, vpc, true);
    if (vpc === undefined)
      for (const table of [...region.routeTables.values()]) forgetRouteTable(region, table);
    if (parameters.action === 'DeleteSubnet') forgetAssociations(region, parameters.required('SubnetId'));
    await region.settle();
  }

  /** moto takes the first subnet of a zone for a default VPC's; others give public addresses only when told to. */
  private async keepFromPublicAddresses(): Promise<void> {
    const known = this.region.network.subnets.map(({ subnetId }) => subnetId);
    for (const subnet of (await this.ask('DescribeSubnets')).items('subnetSet')) {
      const SubnetId = subnet.text('subnetId');
      if (known.includes(SubnetId) || subnet.text('mapPublicIpOnLaunch') !== 'true') continue;
      await this.ask('ModifySubnetAttribute', { SubnetId, 'MapPublicIpOnLaunch.Value': 'false' });
    }
  }

  private async ask(action: string, more: Readonly<Record<string, string>> = {}): Promise<XmlNode> {
    const { moto, name } = this.region;
    return moto.query('ec2', name, Parameters.of({ Action: action, Version: '2016-11-15', ...more }));
  }
}

const guards: Readonly<Record<string, (region: Region, parameters: Parameters) => void>> = {
  CreateVpc({ network, account }) {
    if (account.vpcQuota === 0)
      throw new AwsError(
        'VpcLimitExceeded',
        'The maximum number of VPCs has been reached. (lab: quota L-F678F1CE)',
      );
    if (network.vpc === undefined) return;
    const message = `The lab has one VPC at a time, and ${network.vpc.vpcId} exists: destroy that stack first.`;
    throw new AwsError('VpcLimitExceeded', message);
  },

  DeleteVpc({ routeTables, network }, parameters) {
    const vpcId = parameters.required('VpcId');
    const main = [...routeTables.values()].filter((table) =>
      [...table.associations.values()].some(({ subnetId }) => subnetId === undefined),
    );
    if (routeTables.size === main.length && network.internetGatewayIds.length === 0) return;
    throw dependency(`The vpc '${vpcId}' has dependencies and cannot be deleted.`);
  },

  DeleteSubnet({ interfaces }, parameters) {
    const id = parameters.required('SubnetId');
    if (![...interfaces.values()].some((each) => each.subnetId === id)) return;
    throw dependency(`The subnet '${id}' has dependencies and cannot be deleted.`);
  },

  DeleteSecurityGroup(region, parameters) {
    const id = parameters.text('GroupId') ?? '';
    if (isHeldGroup(region, id)) throw dependency(`resource ${id} has a dependent object`);
  },

  /** EC2 makes the subnet, and refuses its NAT gateway and most types of instances; moto knows no such zone. */
  CreateSubnet(region, parameters) {
    const zone = parameters.text('AvailabilityZone') ?? '';
    if (!isLocalZone(region, zone)) return;
    const message = `lab: ${zone} is a Local Zone: it has no NAT gateways and few types of instances`;
    throw new AwsError('NotAvailableInZone', message);
  },

  DetachInternetGateway({ elasticIps }, parameters) {
    if (![...elasticIps.values()].some((each) => each.association !== undefined)) return;
    const vpcId = parameters.required('VpcId');
    const message = `Network ${vpcId} has some mapped public address(es).`;
    throw dependency(`${message} Please unmap those public address(es) before detaching the gateway.`);
  },
};

/** Whether an interface has the group, or a rule of another group names it: EC2 keeps it then. */
export function isHeldGroup({ interfaces, network }: Region, id: string): boolean {
  const rules = network.securityGroups
    .filter(({ groupId }) => groupId !== id)
    .flatMap(({ ingress, egress }) => [...ingress, ...egress]);
  const named = rules.some(({ peer }) => 'groupId' in peer && peer.groupId === id);
  return named || [...interfaces.values()].some((each) => each.securityGroupIds.includes(id));
}

function dependency(message: string): AwsError {
  return new AwsError('DependencyViolation', message);
}

/** EC2 takes a protocol such as 112 without ports; moto wants them, and -1 means all. */
function withPorts(parameters: Parameters): Parameters {
  const protocols = parameters.names().filter((name) => /(^|\.)IpProtocol$/.test(name));
  const missing = protocols.flatMap((name) => {
    if (!/^\d+$/.test(parameters.text(name) ?? '')) return [];
    const ports = ['FromPort', 'ToPort'].map((port) => name.replace(/IpProtocol$/, port));
    return ports.filter((port) => parameters.text(port) === undefined);
  });
  return parameters.with(Object.fromEntries(missing.map((port) => [port, '-1'])));
}

function forgetAssociations(region: Region, subnetId: string): void {
  for (const table of region.routeTables.values()) {
    for (const [id, association] of table.associations) {
      if (association.subnetId === subnetId) table.associations.delete(id);
    }
  }
}
