import type * as pulumi from '@pulumi/pulumi';
import type { AccountArgs } from '../host/account';
import type { Host } from '../host/host';
import type { SshTarget } from '../host/ssh';
import type { ListenersArgs } from '../listeners/arguments';
import type { NetworkSubnet } from '../network/parts';
import type { Tags } from '../rendering/naming';
import type { EmqxArgs } from './arguments';
import type { ClusterPlan } from './plan';

/** Where brokers are placed, and what they work with. */
export interface ClusterPlacement extends AccountArgs {
  /** The platform that the brokers belong to, for tags and the cluster's name. @default the component's name */
  platform?: string;
  /** The VPC. */
  vpcId: pulumi.Input<string>;
  /** Where the brokers are placed, in turn. */
  subnets: readonly NetworkSubnet[];
  /** Security group of the balancers: who may reach listeners, /status and agents. */
  clientsGroupId: pulumi.Input<string>;
  /** Who may reach port 22: the balancers' group, or ranges. @default clientsGroupId */
  sshCidrs?: readonly string[];
  /** The SSH key pair for logging in. */
  login: { readonly keyName: pulumi.Input<string>; readonly privateKey: pulumi.Input<string> };
  /** How `pulumi up` reaches a broker by its private address: directly, or through a jump host. @default directly */
  jump?: NonNullable<SshTarget['jump']>;
  /** With `encryption`: the certificate of the brokers' listeners, and the CA of the balancers'. @default none */
  hostCertificates?: {
    readonly certificate: pulumi.Input<string>;
    readonly privateKey: pulumi.Input<string>;
    readonly balancersCa: pulumi.Input<string>;
  };
  /** What must exist before brokers boot: routes, NAT. @default nothing */
  egress?: readonly pulumi.Resource[];
  /** Ranges that hosts reach package repositories and AWS's API in, over HTTP and HTTPS. @default everywhere */
  webCidrs?: readonly string[];
  /** Hosts that brokers are reached through: replaced before a broker is. @default none */
  after?: readonly Host[];
  /** How these leave: not before the last broker has. @default nothing */
  leaveBefore?: readonly pulumi.Resource[];
  /** Keeps interfaces, volumes and secrets from being deleted by mistake. @default false */
  protect?: boolean;
  /** Tags on everything that can carry them. @default none */
  tags?: Tags;
}

/** Arguments of EmqxCluster. */
export interface EmqxClusterArgs extends EmqxArgs, ClusterPlacement {
  /** The listeners of the balancers in front; each has one of its own here, plain and with PROXY protocol. */
  listeners: ListenersArgs;
  /** PROXY protocol v2 on every listener; the balancers must agree. @default true */
  proxyProtocol?: boolean;
}

/** What only AWS and the user's secrets tell of a cluster whose plan is made already, as part of a larger one. */
export interface PlannedClusterArgs
  extends
    ClusterPlacement,
    Pick<
      EmqxArgs,
      | 'instanceType'
      | 'imageId'
      | 'furtherSecurityGroupIds'
      | 'licenseKey'
      | 'cookie'
      | 'dashboardPassword'
      | 'authentication'
      | 'settings'
      | 'apiKeys'
      | 'backup'
    > {
  readonly plan: ClusterPlan;
}
