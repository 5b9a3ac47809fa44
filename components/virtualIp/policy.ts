import type { PolicyStatement } from '../host/role';
import { platformTag, roleTag } from '../rendering/naming';
import type { VirtualIpMode } from './arguments';

/** What a takeover is about, once AWS has named it. */
export interface TakeoverScope {
  readonly mode: VirtualIpMode;
  readonly platform: string;
  /** The Elastic IP that moves, where there is one. */
  readonly allocationId: string | undefined;
  /** The tables whose routes are turned. */
  readonly routeTableIds: readonly string[];
}

/**
 * The least that a balancer must be allowed: the calls of its mode, on its Elastic IP and its route tables by id, on
 * interfaces and instances by the platform's tag, so that the policy exists before the instance. Describe calls cannot
 * be scoped: EC2 takes `*` only. Nor can the destination of a route: whoever may turn one route of a table may turn
 * all of them, the default route too.
 */
export function takeoverStatements(scope: TakeoverScope): readonly PolicyStatement[] {
  return [...moves(scope), ...elasticIpMoves(scope), seeTheHolder(scope.mode)];
}

function moves({ mode, platform, routeTableIds }: TakeoverScope): readonly PolicyStatement[] {
  switch (mode) {
    case 'elasticIp':
      return [];
    case 'route':
      return [
        {
          Sid: 'TurnRoutes',
          Effect: 'Allow',
          Action: ['ec2:ReplaceRoute'],
          Resource: routeTableIds.map((id) => `arn:aws:ec2:*:*:route-table/${id}`),
        },
      ];
    case 'privateIp':
      return [
        {
          Sid: 'AssignToThisPair',
          Effect: 'Allow',
          Action: ['ec2:AssignPrivateIpAddresses'],
          Resource: ['arn:aws:ec2:*:*:network-interface/*'],
          Condition: ofThisPair(platform),
        },
      ];
  }
}

function elasticIpMoves({ platform, allocationId }: TakeoverScope): readonly PolicyStatement[] {
  if (allocationId === undefined) return [];
  return [
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
      Condition: ofThisPair(platform),
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

function ofThisPair(platform: string): NonNullable<PolicyStatement['Condition']> {
  return {
    StringEquals: {
      [`aws:ResourceTag/${platformTag}`]: platform,
      [`aws:ResourceTag/${roleTag}`]: 'virtual-ip',
    },
  };
}
