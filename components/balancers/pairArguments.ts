import type * as pulumi from '@pulumi/pulumi';
import type { PlannedBroker } from '../brokers/plan';
import type { Certificates } from '../certificates/certificates';
import type { AccountArgs } from '../host/account';
import type { SshTarget } from '../host/ssh';
import type { ListenersArgs } from '../listeners/arguments';
import type { NetworkSubnet } from '../network/parts';
import type { Tags } from '../rendering/naming';
import type { VirtualIp } from '../virtualIp/virtualIp';
import type { HaproxyArgs } from './arguments';
import type { PairPlan } from './plan';

/** Where balancers are placed, and what they work with. */
export interface PairPlacement extends AccountArgs {
  /** The platform that the balancers belong to, for tags. @default the component's name */
  platform?: string;
  /** The VPC. */
  vpcId: pulumi.Input<string>;
  /** Where the balancers are placed: one subnet, or two in different zones. */
  subnets: readonly NetworkSubnet[];
  /** The server certificate and its key, and further ones. */
  certificates: Pick<Certificates, 'certificateChain' | 'privateKey'> &
    Partial<Pick<Certificates, 'further' | 'servers'>>;
  /** The address that the active balancer holds. */
  virtualIp: VirtualIp;
  /** Ranges that may reach port 22. */
  sshCidrs: readonly string[];
  /** How `pulumi up` reaches the balancers. @default each one's own public address */
  reach?: 'publicAddress' | 'privateAddress' | NonNullable<SshTarget['jump']>;
  /** The SSH key pair for logging in. */
  login: { readonly keyName: pulumi.Input<string>; readonly privateKey: pulumi.Input<string> };
  /** What must exist before balancers boot: routes. @default nothing */
  egress?: readonly pulumi.Resource[];
  /** Ranges that hosts reach package repositories and AWS's API in, over HTTP and HTTPS. @default everywhere */
  webCidrs?: readonly string[];
  /** The balancer that holds the VIP at this moment, by name: its files are changed last. @default the preferred one */
  active?: string;
  /** Keeps interfaces, addresses and secrets from being deleted by mistake. @default false */
  protect?: boolean;
  /** Tags on everything that can carry them. @default none */
  tags?: Tags;
}

/** Arguments of HaproxyPair. */
export interface HaproxyPairArgs extends HaproxyArgs, PairPlacement {
  /** The listeners that clients connect to; those that name no ranges are open to whoever can reach the address. */
  listeners: ListenersArgs;
  /** The brokers behind, by planned address. */
  brokers: readonly PlannedBroker[];
  /** PROXY protocol v2 towards the brokers; they must agree. @default true */
  proxyProtocol?: boolean;
  /** False: the subnets have another way out, and balancers get no Elastic IPs of their own; not with a public address. @default true */
  publicAddresses?: boolean;
}

/** What only AWS and the user's secrets tell of a pair whose plan is made already, as part of a larger one. */
export interface PlannedPairArgs
  extends
    Omit<PairPlacement, 'virtualIp'>,
    Pick<HaproxyArgs, 'instanceType' | 'imageId' | 'furtherSecurityGroupIds'> {
  readonly plan: PairPlan;
  /** The address that the active balancer holds, or what makes it as a child of the pair. */
  readonly virtualIp: VirtualIp | ((pair: pulumi.Resource) => VirtualIp);
  /** The statistics page's. @default 24 random characters */
  readonly statsPassword?: pulumi.Input<string>;
}
