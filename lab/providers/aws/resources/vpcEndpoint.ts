import type { VpcEndpointType } from '@aws-sdk/client-ec2';
import { isGone, present, type Call } from '../call';
import { resource } from '../resource';
import { chosen, defaulted, flag, json, list, object, output, required, set, text } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';

const dnsEntry = { dnsName: output(text), hostedZoneId: output(text) };

/** A way to one of AWS's services that does not leave the VPC. */
export const vpcEndpoint = resource({
  token: 'aws:ec2/vpcEndpoint:VpcEndpoint',
  inputs: {
    policy: chosen(json),
    privateDnsEnabled: chosen(flag),
    routeTableIds: chosen(set(text)),
    securityGroupIds: chosen(set(text)),
    serviceName: required(text, { replaces: true }),
    subnetIds: chosen(set(text)),
    vpcEndpointType: defaulted(text, 'Gateway', { replaces: true }),
    vpcId: required(text, { replaces: true }),
  },
  outputs: {
    arn: output(text),
    dnsEntries: output(list(object(dnsEntry))),
    networkInterfaceIds: output(list(text)),
    ownerId: output(text),
    requesterManaged: output(flag),
    state: output(text),
  },
  tagging: ec2Tagging,

  async create(call, inputs) {
    const made = await (
      await call.ec2()
    ).createVpcEndpoint({
      PolicyDocument: inputs.policy,
      PrivateDnsEnabled: inputs.privateDnsEnabled,
      RouteTableIds: mutable(inputs.routeTableIds),
      SecurityGroupIds: mutable(inputs.securityGroupIds),
      ServiceName: inputs.serviceName,
      SubnetIds: mutable(inputs.subnetIds),
      // EC2 itself judges the kind.
      VpcEndpointType: inputs.vpcEndpointType as VpcEndpointType,
      VpcId: inputs.vpcId,
      TagSpecifications: tagSpecifications('vpc-endpoint', call.tags),
    });
    return present(made.VpcEndpoint?.VpcEndpointId, "the endpoint's id");
  },

  async settle(call, id) {
    await call.until(`endpoint ${id} to be available`, async () => {
      const found = await findEndpoint(call, id);
      if (found?.State === 'Failed' || found?.State === 'Rejected')
        throw new Error(`endpoint ${id} is ${found.State}`);
      return found?.State?.toLowerCase() === 'available' ? true : undefined;
    });
  },

  async read(call, id) {
    const found = await findEndpoint(call, id);
    if (found === undefined || found.State?.toLowerCase() === 'deleted') return undefined;
    return {
      policy: found.PolicyDocument,
      privateDnsEnabled: found.PrivateDnsEnabled ?? false,
      routeTableIds: found.RouteTableIds ?? [],
      securityGroupIds: found.Groups?.map(({ GroupId }) => GroupId ?? '') ?? [],
      serviceName: found.ServiceName,
      subnetIds: found.SubnetIds ?? [],
      vpcEndpointType: found.VpcEndpointType,
      vpcId: found.VpcId,
      arn: ec2Arn(call, found.OwnerId, 'vpc-endpoint', id),
      dnsEntries: found.DnsEntries?.map(({ DnsName, HostedZoneId }) => ({
        dnsName: DnsName,
        hostedZoneId: HostedZoneId,
      })),
      networkInterfaceIds: found.NetworkInterfaceIds ?? [],
      ownerId: found.OwnerId,
      requesterManaged: found.RequesterManaged ?? false,
      state: found.State?.toLowerCase(),
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, { before, after }) {
    const moved = (from: readonly string[] | undefined, to: readonly string[] | undefined) => ({
      added: (to ?? []).filter((one) => !(from ?? []).includes(one)),
      removed: (from ?? []).filter((one) => !(to ?? []).includes(one)),
    });
    const tables = moved(before.routeTableIds, after.routeTableIds ?? before.routeTableIds);
    const groups = moved(before.securityGroupIds, after.securityGroupIds ?? before.securityGroupIds);
    const subnets = moved(before.subnetIds, after.subnetIds ?? before.subnetIds);
    await (
      await call.ec2()
    ).modifyVpcEndpoint({
      VpcEndpointId: id,
      PolicyDocument: after.policy,
      PrivateDnsEnabled: after.vpcEndpointType === 'Interface' ? after.privateDnsEnabled : undefined,
      AddRouteTableIds: some(tables.added),
      RemoveRouteTableIds: some(tables.removed),
      AddSecurityGroupIds: some(groups.added),
      RemoveSecurityGroupIds: some(groups.removed),
      AddSubnetIds: some(subnets.added),
      RemoveSubnetIds: some(subnets.removed),
    });
  },

  async delete(call, id) {
    const answer = await (await call.ec2()).deleteVpcEndpoints({ VpcEndpointIds: [id] });
    const failure = answer.Unsuccessful?.[0]?.Error;
    if (failure !== undefined && failure.Code !== 'InvalidVpcEndpoint.NotFound') {
      throw new Error(`${failure.Code ?? ''}: ${failure.Message ?? ''}`);
    }
    await call.until(`endpoint ${id} to be deleted`, async () => {
      const state = (await findEndpoint(call, id))?.State?.toLowerCase();
      return state === undefined || state === 'deleted' ? true : undefined;
    });
  },
});

async function findEndpoint(call: Call, id: string) {
  try {
    return (await (await call.ec2()).describeVpcEndpoints({ VpcEndpointIds: [id] })).VpcEndpoints?.[0];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function mutable(values: readonly string[] | undefined): string[] | undefined {
  return values === undefined ? undefined : [...values];
}

function some(values: string[]): string[] | undefined {
  return values.length === 0 ? undefined : values;
}
