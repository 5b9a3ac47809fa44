import type { SecretView } from '../host/fileSet';
import type { OperatingSystem } from '../host/operatingSystems';
import type { HostSoftware } from '../host/packages';
import type { Listener } from '../listeners/listener';
import type { PlannedAuthentication } from './authentication';
import type { PlannedAuthorization } from './authorization';
import type { BackupView } from './backup/files';
import type { Encryption } from './encryption';
import type { PlannedSettings } from './settings/plan';

/** What a broker's files are made from: everything is decided, nothing is an Output. */
export interface BrokerView {
  readonly platform: string;
  readonly name: string;
  readonly address: string;
  readonly operatingSystem: OperatingSystem;
  readonly region: string;
  readonly emqxVersion: string;
  readonly software: HostSoftware;
  readonly clusterName: string;
  /** Node names of the whole cluster, this one included: emqx@<private address>. */
  readonly seeds: readonly string[];
  readonly nodeName: string;
  readonly listeners: readonly Listener[];
  readonly authentication: Pick<PlannedAuthentication, 'kinds' | 'links' | 'chains' | 'files'>;
  readonly authorization: PlannedAuthorization;
  readonly settings: PlannedSettings;
  readonly proxyProtocol: boolean;
  /** TLS towards the balancers; absent without. */
  readonly encryption?: {
    readonly step: Encryption;
    /** PEM of the listeners' certificate. */
    readonly certificate: string;
    /** PEM of the CA whose certificates balancers have, and nobody else. */
    readonly balancersCa: string;
  };
  readonly maxConnections: number;
  readonly dashboardPort: number;
  /** ready, or drain: what the agent tells the balancers; weight as a percentage of the server's. */
  readonly agent: {
    readonly port: number;
    readonly drain: boolean;
    readonly weightPercent: number;
  };
  /** LimitNOFILE of EMQX; follows from `maxConnections` when absent. */
  readonly fileDescriptors?: number;
  /** Absent without backups. */
  readonly backup?: BackupView;
  /** Absent when the data lies on the root disk. */
  readonly dataVolumeId?: string;
  /** Whether there is a licence key among the secrets. */
  readonly licensed?: boolean;
  /** EMQX's, by which a licence for critical business is judged. */
  readonly dynamicMaxConnections: number;
  /** Of the machine's arguments: another one restarts EMQX whether or not the others can do without it. */
  readonly repairGeneration: number;
  readonly secrets: readonly SecretView[];
}
