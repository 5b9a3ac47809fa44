import type * as pulumi from '@pulumi/pulumi';
import type { MachineArgs } from '../host/machines';
import type { OpeningArgs } from '../host/openings';
import type { AuthenticatorArgs } from './authentication';
import type { ApiKeyArgs } from './apiKeys';
import type { AuthorizationArgs } from './authorization';
import type { BackupArgs } from './backup/arguments';
import type { Encryption } from './encryption';

/** The brokers, as a platform is told about them. */
export interface EmqxArgs extends MachineArgs, OpeningArgs {
  /** How many, 1 to 28, named emqx-1, emqx-2, ...; or each by name, so that removing one does not rename the rest. @default 3 */
  brokers?: BrokersArgs;
  /**
   * EMQX's version, 5.8.0 to 6.x; 5.8 is the last line under Apache-2.0, which is no longer maintained. Running brokers
   * get a later one in turn; to another package, from 5.8 to 5.9 and newer, they are replaced: change `imageGeneration` too.
   * From 5.9.0 (BSL 1.1, package `emqx-enterprise`) a cluster of more than one broker needs `licenseKey`, or a joining
   * broker is refused; one broker alone needs none.
   * @default `5.8.9`
   */
  version?: string;
  /** The licence key for EMQX 5.9 and newer; another one is in force within two minutes. @secret @default none */
  licenseKey?: pulumi.Input<string>;
  /** The node cookie: brokers with the same one trust each other. @secret @default 48 random characters */
  cookie?: pulumi.Input<string>;
  /** The dashboard's password for `admin`, 8 to 64 characters; a change of it holds at once. @secret @default 24 random characters */
  dashboardPassword?: pulumi.Input<string>;
  /**
   * Keys of EMQX's REST API, by name, which is what a client gives as the key: made, changed and removed while the brokers
   * run. Keys that others make stay.
   *
   * @default none
   */
  apiKeys?: Record<string, ApiKeyArgs>;
  /** Size in GiB of each broker's data volume, which outlives its instance, 1 to 16384; encrypted. It grows while the broker runs, and never shrinks. @default 8 */
  dataVolumeGib?: number;
  /** True makes a snapshot of a data volume before it is deleted, with its broker or the stack; snapshots stay, and cost. @default false */
  finalSnapshot?: boolean;
  /** Who may connect, asked in this order; who is named nowhere may not, but on listeners with `anonymous: true`. @default nobody */
  authentication?: AuthenticatorArgs[];
  /** What they may do. @default nothing */
  authorization?: AuthorizationArgs;
  /**
   * Any of EMQX's configuration, as the tree that its own files are: `{mqtt: {max_packet_size: "2MB"}}`. What this package
   * sets itself is refused with the argument to give. Values may be Inputs; these, and texts under names such as
   * `password`, are on the hosts only. docs/emqx.md says what restarts brokers, and what wins.
   *
   * @default none
   */
  settings?: Record<string, unknown>;
  /**
   * TLS on clients' way from balancers to brokers, both with certificates of a CA of their own, which is made and renewed
   * beside the service's: `offered` opens ports for it on the brokers beside the plain ones, `used` has the balancers come
   * there, `required` closes the plain ones. A running stack goes one step with each `up`, either way, and no client is
   * refused; a new one may begin with `required`.
   *
   * @default `none`
   */
  encryption?: Encryption;
  /** Copies of EMQX's data in S3, made while it runs; `npm run restore` takes one back. @default none */
  backup?: BackupArgs;
  /** EMQX's apt repository. @default EMQX's own */
  repository?: RepositoryArgs;
}

/** How many brokers, named emqx-1, emqx-2, ...; or each by name, so that removing one does not rename the rest. */
export type BrokersArgs = number | Record<string, BrokerArgs>;

/** One broker, by name. */
export interface BrokerArgs {
  /** 1 to 28; fixes its address and its place in HAProxy's hash ring. @default the number that its name ends in */
  ordinal?: number;
  /** Its private address. @default the planned one: the ordinal's place in its subnet's block, .32/27 unless chosen */
  address?: string;
  /** Its share of new clients relative to the others, 0 to 256; 0 takes none. @default 100 */
  weight?: number;
  /** True empties the broker at a paced rate and keeps new clients away. @default false */
  drain?: boolean;
}

/** An apt repository. */
export interface RepositoryArgs {
  /** Its URL, without the distribution's name: `/debian` or `/ubuntu` is added. @default `https://packagecloud.io/emqx/emqx`, from 5.9.0 on `https://packagecloud.io/emqx/emqx-enterprise5` */
  url?: string;
  /** The URL of the key that signs it, fetched over HTTPS at first boot. @default `/gpgkey` below the URL of EMQX's own */
  keyUrl?: string;
}
