import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { InterfaceArgs } from '../host/networkInterface';
import type { PolicyStatement } from '../host/role';
import { everywhere } from '../network/addresses';
import type { Network } from '../network/network';
import type { Tags } from '../rendering/naming';
import { ownStack, tagged, typeToken } from '../rendering/naming';
import { Problems } from '../rendering/problems';
import type { VirtualIpArgs } from './arguments';
import type { PlannedVirtualIp, VirtualIpSurroundings } from './plan';
import { clientCidrs, isPublic, planVirtualIp } from './plan';
import { takeoverStatements } from './policy';
import type { VirtualIpView } from './view';

/** Where the address is to live, and whose it is. */
export interface VirtualIpPlacement {
  /** The platform whose balancers hold the address; it is in their tags. @default the component's name */
  platform?: string;
  /** The balancers' network; `elasticIp` needs none. */
  network?: Pick<Network, 'vpcCidr' | 'balancerSubnets' | 'routeTableIds'> &
    Partial<Pick<Network, 'vpcCidrs'>>;
  /** Keeps the address from being released by mistake. @default false */
  protect?: boolean;
  /** Tags on everything that can carry them. @default none */
  tags?: Tags;
}

/** What AWS names of an address whose plan is made already, as part of a larger one. */
export interface PlannedVirtualIpArgs
  extends VirtualIpPlacement, Pick<VirtualIpArgs, 'allocationId' | 'routeTableIds'> {
  readonly plan: PlannedVirtualIp;
}

/**
 * The virtual IP: the address itself, and what a balancer may do to make it its own.
 *
 * Throws InputPropertiesError for a mode that the network cannot carry: `privateIp` with balancers in two subnets, an
 * overlay address inside the VPC's range, no route table.
 */
export class VirtualIp extends pulumi.ComponentResource {
  /** How the address moves. */
  readonly mode: PlannedVirtualIp['mode'];
  /** The address that clients use. */
  readonly address: pulumi.Output<string>;
  /** Every address that clients may use: what the certificate names. */
  readonly addresses: readonly pulumi.Input<string>[];
  /** The Elastic IP's allocation id, where there is one. */
  readonly allocationId: pulumi.Output<string> | undefined;
  /** What a host's interface that may hold the address must be made after, and so is deleted before: EC2 releases no address that is still on an interface. */
  readonly outlivesInterfaces: readonly pulumi.Resource[];
  /** Who can reach the address at all: what listeners are open to unless told otherwise. */
  readonly clientCidrs: readonly string[];

  private readonly plan: PlannedVirtualIp;
  private readonly platform: string;
  private readonly routeTableIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** The subnet that a private address belongs to. */
  private readonly subnetId: pulumi.Output<string> | undefined;
  private readonly reservations: readonly pulumi.Resource[];

  constructor(
    private readonly name: string,
    args: (VirtualIpArgs & VirtualIpPlacement) | PlannedVirtualIpArgs = {},
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(typeToken('VirtualIp'), name, {}, opts);
    const { network } = args;
    this.plan = 'plan' in args ? args.plan : planAlone(name, args);

    this.mode = this.plan.mode;
    this.platform = args.platform ?? name;
    this.routeTableIds = args.routeTableIds ?? network?.routeTableIds ?? {};
    this.clientCidrs = clientCidrs(this.plan, surroundings(network).vpcCidrs);
    const elasticIp = isPublic(this.plan) ? this.elasticIp(args) : undefined;
    this.allocationId = elasticIp?.allocationId;
    this.outlivesInterfaces = elasticIp === undefined ? [] : [elasticIp];
    const ownAddress = this.plan.mode === 'elasticIp' ? [] : [this.plan.address];
    const publicAddress = elasticIp === undefined ? [] : [elasticIp.publicIp];
    this.addresses = [...publicAddress, ...ownAddress];
    this.address = pulumi.output(this.addresses[0] ?? '');
    this.subnetId = network?.balancerSubnets[0]?.subnetId;
    this.reservations = this.reserve(this.subnetId);
    this.registerOutputs({ address: this.address, allocationId: this.allocationId });
  }

  /**
   * What must exist before a balancer boots: the routes, which a balancer may turn towards itself but not make, at
   * first towards the preferred one; the reservation that keeps AWS from giving the address to something else.
   */
  placeOn(preferredInterfaceId: pulumi.Input<string>): readonly pulumi.Resource[] {
    if (this.plan.mode !== 'route') return this.reservations;
    const destinationCidrBlock = `${this.plan.address}/32`;
    return Object.entries(this.routeTableIds).map(
      ([table, routeTableId]) =>
        new aws.ec2.Route(
          `${this.name}-route-${table}`,
          { routeTableId, destinationCidrBlock, networkInterfaceId: preferredInterfaceId },
          // The balancers turn the route: where it leads is nobody's property here.
          { parent: this, ignoreChanges: ['networkInterfaceId'] },
        ),
    );
  }

  /** What the address's way of moving asks of an interface that may hold it. */
  interfaceFor(
    mappedAddress: string,
  ): Pick<InterfaceArgs, 'secondaryAddresses' | 'takesAnyDestination' | 'addressesMove'> {
    switch (this.mode) {
      case 'elasticIp':
        return { secondaryAddresses: [mappedAddress] };
      case 'route':
        return { takesAnyDestination: true };
      case 'privateIp':
        return { addressesMove: true };
    }
  }

  /** What a balancer is told of the address; `mappedAddress` is its own secondary address behind the Elastic IP. */
  viewFrom(interfaceId: pulumi.Input<string>, mappedAddress: string): pulumi.Output<VirtualIpView> {
    const { plan } = this;
    const given = pulumi.all([
      interfaceId,
      this.allocationId,
      this.address,
      pulumi.all(Object.values(this.routeTableIds)),
      this.subnetId,
    ]);
    return given.apply(
      ([ownInterface, allocationId, publicAddress, routeTableIds, subnetId]): VirtualIpView => {
        const own = { interfaceId: ownInterface };
        if (plan.mode === 'route') return { mode: plan.mode, address: plan.address, routeTableIds, ...own };
        const elasticIp = allocationId === undefined ? {} : { allocationId };
        if (plan.mode === 'privateIp')
          return { mode: plan.mode, address: plan.address, subnetId: subnetId ?? '', ...own, ...elasticIp };
        return {
          mode: plan.mode,
          privateAddress: mappedAddress,
          allocationId: allocationId ?? '',
          ...own,
          publicAddress,
        };
      },
    );
  }

  /** What a balancer's role needs to take the address: this mode's calls, on what belongs to this platform. */
  takeoverStatements(): pulumi.Output<readonly PolicyStatement[]> {
    return pulumi
      .all([
        this.allocationId,
        pulumi.all(Object.values(this.routeTableIds)),
        aws.getPartitionOutput({}, { parent: this }).partition,
      ])
      .apply(([allocationId, routeTableIds, partition]) =>
        takeoverStatements({
          mode: this.mode,
          platform: this.platform,
          stack: ownStack(),
          partition,
          allocationId,
          routeTableIds,
        }),
      );
  }

  /** The balancers move the association, so it is nobody's property here. */
  private elasticIp(args: PlannedVirtualIpArgs | (VirtualIpArgs & VirtualIpPlacement)): aws.ec2.Eip {
    const childName = `${this.name}-address`;
    if (args.allocationId !== undefined)
      return aws.ec2.Eip.get(childName, args.allocationId, undefined, { parent: this });
    return new aws.ec2.Eip(
      childName,
      { domain: 'vpc', tags: tagged(this.platform, childName, args.tags, 'virtual-ip') },
      {
        parent: this,
        protect: args.protect ?? false,
        ignoreChanges: ['instance', 'networkInterface', 'associateWithPrivateIp'],
      },
    );
  }

  private reserve(subnetId: pulumi.Output<string> | undefined): readonly pulumi.Resource[] {
    if (this.plan.mode !== 'privateIp' || this.plan.isReserved || subnetId === undefined) return [];
    const reservation = new aws.ec2.SubnetCidrReservation(
      `${this.name}-reservation`,
      {
        subnetId,
        cidrBlock: `${this.plan.address}/32`,
        reservationType: 'explicit',
        description: `virtual IP of ${this.platform}`,
      },
      { parent: this },
    );
    return [reservation];
  }
}

function planAlone(name: string, args: VirtualIpArgs & VirtualIpPlacement): PlannedVirtualIp {
  const problems = new Problems();
  const plan = planVirtualIp(args, surroundings(args.network), 'virtualIp', problems);
  if (plan.mode !== 'elasticIp' && args.network === undefined)
    problems.add('network', `is missing; mode ${plan.mode} needs the balancers' network`);
  problems.throwIfAny(`VirtualIp ${name}`);
  return plan;
}

function surroundings(network: VirtualIpPlacement['network']): VirtualIpSurroundings {
  return {
    vpcCidrs: network?.vpcCidrs ?? [network?.vpcCidr ?? everywhere],
    balancerSubnets: network?.balancerSubnets ?? [],
    hasRouteTables: Object.keys(network?.routeTableIds ?? {}).length > 0,
  };
}
