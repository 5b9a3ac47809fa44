import type { HaproxyArgs } from '../balancers/arguments';
import type { EmqxArgs } from '../brokers/arguments';
import type { CertificatesArgs } from '../certificates/arguments';
import type { SshArgs } from '../host/ssh';
import type { ListenersArgs } from '../listeners/arguments';
import type { NetworkArgs } from '../network/arguments';
import type { Tags } from '../rendering/naming';
import type { VirtualIpArgs } from '../virtualIp/arguments';

/** Arguments of MqttPlatform. Only `ssh` is required. */
export interface MqttPlatformArgs {
  /** A network to make, or a VPC of yours. Defaults to a new one, 10.20.0.0/16 over three zones. */
  network?: NetworkArgs;
  /** The brokers. Defaults to three EMQX 5.8.9 brokers. */
  emqx?: EmqxArgs;
  /** The two balancers. */
  haproxy?: HaproxyArgs;
  /** The listeners that are on. Defaults to mqtts on 8883 alone. */
  listeners?: ListenersArgs;
  /** PROXY protocol v2 between balancers and brokers, so that brokers see the clients' addresses: one setting for both sides. Defaults to true. */
  proxyProtocol?: boolean;
  /** Certificates to make, or yours. Defaults to a CA and a server certificate for the VIP. */
  certificates?: CertificatesArgs;
  /** The address that clients use. Defaults to a new Elastic IP. */
  virtualIp?: VirtualIpArgs;
  /** Elastic IPs that the account may have in the region and this platform may use up: more are refused before anything is touched. Defaults to 5, AWS's own limit. */
  elasticIpQuota?: number;
  /** How `pulumi up` reaches the hosts for later changes. */
  ssh: SshArgs;
  /** The balancer that holds the VIP at this moment, by name: its files are changed last. Defaults to the preferred one. */
  activeBalancer?: string;
  /** Keeps volumes, interfaces, addresses and secrets from being deleted by mistake; instances never are. Defaults to false. */
  protect?: boolean;
  /** Tags on everything that can carry them. */
  tags?: Tags;
}
