import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { PolicyStatement } from './hostRole';
import type { Tags } from './naming';
import { platformTag, roleTag, tagged, typeToken } from './naming';
import { Problems } from './plan/problems';

/** The one address that clients use, and how it moves. */
export interface VirtualIpArgs {
  /** The platform whose balancers hold the address; it is in their tags. Defaults to the component's name. */
  platform?: string;
  /**
   * `elasticIp`: a public address that moves across availability zones. It maps to a secondary private address of
   * the active balancer, so that each balancer keeps its own way to AWS's API. Defaults to `elasticIp`, the only
   * mode so far.
   */
  mode?: 'elasticIp';
  /** An Elastic IP of yours, by allocation id. Defaults to a new one. */
  allocationId?: pulumi.Input<string>;
  /** Keeps the address from being released by mistake. Defaults to false. */
  protect?: boolean;
  /** Tags on everything that can carry them. */
  tags?: Tags;
}

/** Checks the arguments; what is wrong goes to `problems` under `path`. */
export function checkVirtualIpArgs(args: VirtualIpArgs, path: string, problems: Problems): void {
  const mode: string = args.mode ?? 'elasticIp';
  if (mode !== 'elasticIp') problems.add(`${path}.mode`, `is ${JSON.stringify(mode)}; elasticIp is allowed`);
}

/** The virtual IP: the address itself, and what a balancer may do to make it its own. */
export class VirtualIp extends pulumi.ComponentResource {
  /** How the address moves. */
  readonly mode = 'elasticIp' as const;
  /** The address that clients use. */
  readonly address: pulumi.Output<string>;
  /** The Elastic IP's allocation id. */
  readonly allocationId: pulumi.Output<string>;

  private readonly platform: string;

  constructor(name: string, args: VirtualIpArgs = {}, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('VirtualIp'), name, {}, opts);
    const problems = new Problems();
    checkVirtualIpArgs(args, 'virtualIp', problems);
    problems.throwIfAny(`VirtualIp ${name}`);
    this.platform = args.platform ?? name;

    const options = { parent: this, protect: args.protect ?? false };
    const tags = tagged(this.platform, `${name}-address`, args.tags, 'virtual-ip');
    // The balancers move the association, so it is nobody's property here.
    const eip =
      args.allocationId === undefined
        ? new aws.ec2.Eip(
            `${name}-address`,
            { domain: 'vpc', tags },
            { ...options, ignoreChanges: ['instance', 'networkInterface', 'associateWithPrivateIp'] },
          )
        : aws.ec2.Eip.get(`${name}-address`, args.allocationId, undefined, { parent: this });
    this.address = eip.publicIp;
    this.allocationId = eip.allocationId;
    this.registerOutputs({ address: this.address, allocationId: this.allocationId });
  }

  /**
   * What a balancer's role needs to take the address: this mode's call, on this Elastic IP, for interfaces and
   * instances that carry the platform's tag, so that the policy exists before the instance. Describe calls cannot be
   * scoped: EC2 takes `*` only.
   */
  takeoverStatements(): pulumi.Output<readonly PolicyStatement[]> {
    return this.allocationId.apply((allocationId): readonly PolicyStatement[] => [
      {
        Sid: 'MoveThisAddress',
        Effect: 'Allow',
        Action: ['ec2:AssociateAddress'],
        Resource: [`arn:aws:ec2:*:*:elastic-ip/${allocationId}`],
      },
      {
        Sid: 'ToThisPair',
        Effect: 'Allow',
        Action: ['ec2:AssociateAddress'],
        Resource: ['arn:aws:ec2:*:*:network-interface/*', 'arn:aws:ec2:*:*:instance/*'],
        Condition: {
          StringEquals: {
            [`aws:ResourceTag/${platformTag}`]: this.platform,
            [`aws:ResourceTag/${roleTag}`]: 'virtual-ip',
          },
        },
      },
      {
        Sid: 'SeeTheHolder',
        Effect: 'Allow',
        Action: ['ec2:DescribeAddresses', 'ec2:DescribeInstances'],
        Resource: ['*'],
      },
    ]);
  }
}
