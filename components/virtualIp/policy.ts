import type { PolicyStatement } from '../host/role';
import { platformTag, roleTag, stackTag } from '../rendering/naming';
import type { VirtualIpMode } from './arguments';

/** What a takeover is about, once AWS has named it. */
export interface TakeoverScope {
  readonly mode: VirtualIpMode;
  readonly platform: string;
  /** The stack that it belongs to, as `ownStack` names it. */
  readonly stack: string;
  /** The part of AWS that ARNs name: `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
  /** The Elastic IP that moves, where there is one. */
  readonly allocationId: string | undefined;
  /** The tables whose routes are turned. */
  readonly routeTableIds: readonly string[];
}

/**
 * The least that a balancer must be allowed: the calls of its mode, on its Elastic IP and its route tables by id, on
 * interfaces and instances by the tags of platform and stack, so that the policy exists before the instance. Describe calls cannot
 * be scoped: EC2 takes `*` only. Nor can the destination of a route: whoever may turn one route of a table may turn
 * all of them, the default route too.
 */
export function takeoverStatements(scope: TakeoverScope): readonly PolicyStatement[] {
  return [...moves(scope), ...elasticIpMoves(scope), seeTheHolder(scope.mode)];
}

function moves(scope: TakeoverScope): readonly PolicyStatement[] {
  const { mode, partition, routeTableIds } = scope;
  switch (mode) {
    case 'elasticIp':
      return [];
    case 'route':
      return [
        {
          Sid: 'TurnRoutes',
          Effect: 'Allow',
          Action: ['ec2:ReplaceRoute'],
          Resource: routeTableIds.map((id) => `arn:${partition}:ec2:*:*:route-table/${id}`),
        },
      ];
    case 'privateIp':
      return onThisPair('AssignToThisPair', 'ec2:AssignPrivateIpAddresses', ['network-interface'], scope);
  }
}

function elasticIpMoves(scope: TakeoverScope): readonly PolicyStatement[] {
  const { partition, allocationId } = scope;
  if (allocationId === undefined) return [];
  return [
    {
      Sid: 'MoveThisAddress',
      Effect: 'Allow',
      Action: ['ec2:AssociateAddress'],
      Resource: [`arn:${partition}:ec2:*:*:elastic-ip/${allocationId}`],
    },
    ...onThisPair('ToThisPair', 'ec2:AssociateAddress', ['network-interface', 'instance'], scope),
  ];
}

/**
 * Interfaces and instances of this stack's pair. Those of 0.1.0 have no tag of their stack until an `up` gives it to
 * them, one after the other and after the policy: until then the pair must be able to move its address still.
 */
function onThisPair(
  sid: string,
  action: string,
  kinds: readonly string[],
  { platform, stack, partition }: TakeoverScope,
): readonly PolicyStatement[] {
  const tag = (name: string) => `aws:ResourceTag/${name}`;
  const pair = { [tag(platformTag)]: platform, [tag(roleTag)]: 'virtual-ip' };
  const allowed = {
    Effect: 'Allow' as const,
    Action: [action],
    Resource: kinds.map((kind) => `arn:${partition}:ec2:*:*:${kind}/*`),
  };
  return [
    { Sid: sid, ...allowed, Condition: { StringEquals: { ...pair, [tag(stackTag)]: stack } } },
    {
      Sid: `${sid}Of010`,
      ...allowed,
      Condition: { StringEquals: pair, Null: { [tag(stackTag)]: 'true' } },
    },
  ];
}

const describeActions: Readonly<Record<VirtualIpMode, string>> = {
  elasticIp: 'ec2:DescribeAddresses',
  route: 'ec2:DescribeRouteTables',
  privateIp: 'ec2:DescribeNetworkInterfaces',
};

function seeTheHolder(mode: VirtualIpMode): PolicyStatement {
  return {
    Sid: 'SeeTheHolder',
    Effect: 'Allow',
    Action: [describeActions[mode], 'ec2:DescribeInstanceStatus'],
    Resource: ['*'],
  };
}
