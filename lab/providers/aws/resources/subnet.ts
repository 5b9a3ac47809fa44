import { present, type Call } from '../call';
import { resource } from '../resource';
import { chosen, defaulted, flag, optional, output, required, text } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';

export const subnet = resource({
  token: 'aws:ec2/subnet:Subnet',
  inputs: {
    availabilityZone: chosen(text, { replaces: true }),
    availabilityZoneId: chosen(text, { replaces: true }),
    cidrBlock: required(text, { replaces: true }),
    mapPublicIpOnLaunch: defaulted(flag, false),
    vpcId: required(text, { replaces: true }),
  },
  outputs: { arn: output(text), ownerId: output(text) },
  tagging: ec2Tagging,

  async create(call, inputs) {
    const made = await (
      await call.ec2()
    ).createSubnet({
      VpcId: inputs.vpcId,
      CidrBlock: inputs.cidrBlock,
      AvailabilityZone: inputs.availabilityZone,
      AvailabilityZoneId: inputs.availabilityZoneId,
      TagSpecifications: tagSpecifications('subnet', call.tags),
    });
    return present(made.Subnet?.SubnetId, "the subnet's id");
  },

  async settle(call, id, inputs) {
    await call.until(`subnet ${id}`, async () =>
      (await find(call, id))?.State === 'available' ? true : undefined,
    );
    if (inputs.mapPublicIpOnLaunch) await mapPublicIps(call, id, true);
  },

  async read(call, id) {
    const found = await find(call, id);
    if (found === undefined) return undefined;
    return {
      availabilityZone: found.AvailabilityZone,
      availabilityZoneId: found.AvailabilityZoneId,
      cidrBlock: found.CidrBlock,
      mapPublicIpOnLaunch: found.MapPublicIpOnLaunch ?? false,
      vpcId: found.VpcId,
      arn: found.SubnetArn,
      ownerId: found.OwnerId,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, { after }) {
    await mapPublicIps(call, id, after.mapPublicIpOnLaunch);
  },

  async delete(call, id) {
    const ec2 = await call.ec2();
    await call.retry(/^DependencyViolation/, () => ec2.deleteSubnet({ SubnetId: id }));
  },
});

/** Keeps a part of a subnet from AWS's own choice of addresses. */
export const subnetCidrReservation = resource({
  token: 'aws:ec2/subnetCidrReservation:SubnetCidrReservation',
  inputs: {
    cidrBlock: required(text, { replaces: true }),
    description: optional(text, { replaces: true }),
    reservationType: required(text, { replaces: true }),
    subnetId: required(text, { replaces: true }),
  },
  outputs: { ownerId: output(text) },
  check: ({ reservationType }): Record<string, string> =>
    reservationType === 'explicit' || reservationType === 'prefix'
      ? {}
      : { reservationType: `is ${String(reservationType)}; allowed are explicit and prefix` },

  async create(call, inputs) {
    const made = await (
      await call.ec2()
    ).createSubnetCidrReservation({
      Cidr: inputs.cidrBlock,
      Description: inputs.description,
      ReservationType: inputs.reservationType === 'prefix' ? 'prefix' : 'explicit',
      SubnetId: inputs.subnetId,
    });
    return present(made.SubnetCidrReservation?.SubnetCidrReservationId, "the reservation's id");
  },

  async read(call, importId, known) {
    // An import is written SUBNET:RESERVATION.
    const [first = '', second] = importId.split(':');
    const id = second ?? first;
    const SubnetId = known.subnetId ?? first;
    const listed = await (await call.ec2()).getSubnetCidrReservations({ SubnetId });
    const found = listed.SubnetIpv4CidrReservations?.find((one) => one.SubnetCidrReservationId === id);
    if (found === undefined) return undefined;
    return {
      id,
      cidrBlock: found.Cidr,
      description: found.Description,
      reservationType: found.ReservationType,
      subnetId: found.SubnetId,
      ownerId: found.OwnerId,
    };
  },

  async delete(call, id) {
    await (await call.ec2()).deleteSubnetCidrReservation({ SubnetCidrReservationId: id });
  },
});

async function find(call: Call, id: string) {
  return (await (await call.ec2()).describeSubnets({ SubnetIds: [id] })).Subnets?.[0];
}

async function mapPublicIps(call: Call, SubnetId: string, Value: boolean): Promise<void> {
  await (await call.ec2()).modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value } });
}
