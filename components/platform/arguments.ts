import type { HaproxyArgs } from '../balancers/arguments';
import type { EmqxArgs } from '../brokers/arguments';
import type { CertificatesArgs } from '../certificates/arguments';
import type { AccountArgs } from '../host/account';
import type { SshArgs } from '../host/ssh';
import type { ListenersArgs } from '../listeners/arguments';
import type { NetworkArgs } from '../network/arguments';
import type { Tags } from '../rendering/naming';
import type { VirtualIpArgs } from '../virtualIp/arguments';

/** Arguments of MqttPlatform. Only `ssh` is required. */
export interface MqttPlatformArgs extends AccountArgs {
  /** A network to make, or a VPC of yours. @default a new one, 10.20.0.0/16 over three zones */
  network?: NetworkArgs;
  /** The brokers. @default three EMQX 5.8.9 brokers */
  emqx?: EmqxArgs;
  /** The two balancers. */
  haproxy?: HaproxyArgs;
  /** The listeners that are on. @default mqtts on 8883 alone */
  listeners?: ListenersArgs;
  /** PROXY protocol v2 between balancers and brokers, so that brokers see the clients' addresses: one setting for both sides. @default true */
  proxyProtocol?: boolean;
  /** Certificates to make, or yours. @default a CA and a server certificate for the VIP */
  certificates?: CertificatesArgs;
  /** The address that clients use. @default a new Elastic IP */
  virtualIp?: VirtualIpArgs;
  /** Elastic IPs that the account may have in the region and this platform may use up: more are refused before anything is touched. 0 to 10,000; AWS itself grants 5. @default 5 */
  elasticIpQuota?: number;
  /** How `pulumi up` reaches the hosts for later changes. */
  ssh: SshArgs;
  /** The balancer that holds the VIP at this moment, by name: its files are changed last. @default the preferred one */
  activeBalancer?: string;
  /** Keeps volumes, interfaces, addresses and secrets from being deleted by mistake; instances never are. @default false */
  protect?: boolean;
  /** Tags on everything that can carry them. @default none */
  tags?: Tags;
}
