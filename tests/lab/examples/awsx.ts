import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

interface SubnetSpec {
  readonly type: 'Public' | 'Private';
  readonly cidrBlocks: readonly string[];
}

interface VpcArgs {
  readonly cidrBlock: string;
  readonly subnetSpecs: readonly SubnetSpec[];
}

/** Where a route leads. */
type Way = Pick<aws.ec2.RouteArgs, 'gatewayId' | 'natGatewayId'>;

/** Of awsx's VPC what the example existing-vpc asks for: public and private subnets, and one NAT gateway for the latter. */
class Vpc extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly publicSubnetIds: pulumi.Output<string[]>;
  readonly privateSubnetIds: pulumi.Output<string[]>;

  constructor(name: string, { cidrBlock, subnetSpecs }: VpcArgs) {
    super('awsx:ec2:Vpc', name);
    const parent = { parent: this };
    const vpc = new aws.ec2.Vpc(
      name,
      { cidrBlock, enableDnsSupport: true, enableDnsHostnames: true },
      parent,
    );
    const gateway = new aws.ec2.InternetGateway(name, { vpcId: vpc.id }, parent);
    const zones = aws.getAvailabilityZonesOutput({ state: 'available' }, parent).names;
    const subnets = (type: SubnetSpec['type']) =>
      (subnetSpecs.find((spec) => spec.type === type)?.cidrBlocks ?? []).map((block, index) => {
        const availabilityZone = zones.apply((all) => all[index] ?? '');
        const child = `${name}-${type.toLowerCase()}-${index + 1}`;
        return new aws.ec2.Subnet(child, { vpcId: vpc.id, cidrBlock: block, availabilityZone }, parent);
      });
    const ways = (type: string, of: readonly aws.ec2.Subnet[], route: Way) => {
      const table = new aws.ec2.RouteTable(`${name}-${type}`, { vpcId: vpc.id }, parent);
      const everywhere = { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', ...route };
      const way = new aws.ec2.Route(`${name}-${type}`, everywhere, parent);
      const associations = of.map(
        (subnet, index) =>
          new aws.ec2.RouteTableAssociation(
            `${name}-${type}-${index + 1}`,
            { subnetId: subnet.id, routeTableId: table.id },
            { ...parent, dependsOn: way },
          ),
      );
      return [way, ...associations];
    };
    const [open, closed] = [subnets('Public'), subnets('Private')];
    const outside = ways('public', open, { gatewayId: gateway.id });
    const address = new aws.ec2.Eip(name, { domain: 'vpc' }, { ...parent, dependsOn: gateway });
    const [first] = open;
    if (first === undefined) throw new Error('a NAT gateway needs a public subnet');
    const nat = new aws.ec2.NatGateway(
      name,
      { subnetId: first.id, allocationId: address.id },
      { ...parent, dependsOn: outside },
    );
    ways('private', closed, { natGatewayId: nat.id });
    this.vpcId = vpc.id;
    this.publicSubnetIds = pulumi.all(open.map(({ id }) => id));
    this.privateSubnetIds = pulumi.all(closed.map(({ id }) => id));
    this.registerOutputs();
  }
}

/** As awsx names them. */
export const ec2 = {
  Vpc,
  NatGatewayStrategy: { Single: 'Single' },
  SubnetAllocationStrategy: { Auto: 'Auto' },
  SubnetType: { Public: 'Public', Private: 'Private' },
} as const;
