import * as pulumi from '@pulumi/pulumi';
import { dashboardPort } from '../components/brokers/ports';
import type { AccessPromise, Host, MqttPlatform } from '../components';

/** What `pulumi stack output` shows; `verify` needs nothing else. */
export interface StackOutputs {
  /** The platform's name. */
  readonly platform: string;
  /** The address that clients use. */
  readonly endpoint: pulumi.Output<string>;
  /** A URL for each listener, by its name. */
  readonly endpoints: pulumi.Output<Record<string, string>>;
  /** Where HAProxy's statistics page answers: the preferred balancer's private address. */
  readonly statsUrl: string;
  /** The statistics page's user. */
  readonly statsUser: string;
  /** The statistics page's password. @secret */
  readonly statsPassword: pulumi.Output<string>;
  /** The password of `admin` on EMQX's dashboard. @secret */
  readonly dashboardPassword: pulumi.Output<string>;
  /** Where EMQX's dashboard answers on the virtual IP; absent where only SSH leads to it. */
  readonly dashboardUrl?: pulumi.Output<string>;
  /** A command that leads http://127.0.0.1:18083 to the first broker's dashboard; `KEY` is a file with `ssh.privateKey`. */
  readonly dashboardTunnel: pulumi.Output<string>;
  /** The users of EMQX's built-in database that the configuration names. @secret */
  readonly users: pulumi.Output<readonly UserOutput[]>;
  /** The keys of EMQX's REST API that the configuration names. @secret */
  readonly apiKeys: pulumi.Output<readonly ApiKeyOutput[]>;
  /** How each listener finds out who a client is, and what clients may do. */
  readonly access: AccessPromise;
  /** Where EMQX's data is copied to, `s3://BUCKET/PREFIX`; absent without `emqx.backup`. */
  readonly backups?: pulumi.Output<string>;
  /** The brokers. */
  readonly brokers: readonly BrokerOutput[];
  /** The balancers. */
  readonly balancers: readonly BalancerOutput[];
  /** PEM of the CA that clients trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** How to log in to each host. @secret */
  readonly ssh: pulumi.Output<SshOutput>;
  /** SHA-256 of the file set that should be on a host, by host: a changed line anywhere shows as a changed host. */
  readonly hostFiles: Readonly<Record<string, pulumi.Output<string>>>;
}

/** A client's user name and password. */
export interface UserOutput {
  /** The user name. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
}

/** A key of EMQX's REST API. */
export interface ApiKeyOutput {
  /** The key, which is its name. */
  readonly key: string;
  /** Its secret. */
  readonly secret: string;
  /** What it may do. */
  readonly role: string;
}

/** A broker as others find it. */
export interface BrokerOutput {
  /** Its name. */
  readonly name: string;
  /** Its instance's id. */
  readonly instanceId: pulumi.Output<string>;
  /** Its private address. */
  readonly privateIp: string;
  /** Its name among EMQX's nodes. */
  readonly nodeName: string;
}

/** A balancer as others find it. */
export interface BalancerOutput {
  /** Its name. */
  readonly name: string;
  /** Its instance's id. */
  readonly instanceId: pulumi.Output<string>;
  /** Its private address. */
  readonly privateIp: string;
  /** Its own public address, where it has one. */
  readonly publicIp: pulumi.Output<string> | undefined;
}

/** Logging in: the user and key of all hosts, and each one's address, pinned key, and the host to go through. */
export interface SshOutput {
  /** The user to log in as. */
  readonly user: string;
  /** Its private key, OpenSSH format. */
  readonly privateKey: string;
  /** The hosts by name. */
  readonly hosts: Readonly<Record<string, SshHostOutput>>;
}

/** The way to one host. */
export interface SshHostOutput {
  /** Where its SSH answers. */
  readonly address: string;
  /** Its host key. */
  readonly hostKey: string;
  /** The host to go through, by name. */
  readonly jump?: string;
}

export function stackOutputs(platform: MqttPlatform): StackOutputs {
  const { pair, cluster } = platform;
  const hosts = [...pair.balancers, ...cluster.brokers].map(({ host }) => host);
  return {
    platform: platform.name,
    endpoint: platform.endpoint,
    endpoints: platform.endpoints,
    statsUrl: platform.statsUrl,
    statsUser: pair.statsUser,
    statsPassword: pair.statsPassword,
    dashboardPassword: cluster.dashboardPassword,
    ...(platform.dashboardUrl === undefined ? {} : { dashboardUrl: platform.dashboardUrl }),
    dashboardTunnel: dashboardTunnel(platform),
    users: pulumi.secret(
      cluster.users.apply((users) => users.map(({ username, password }) => ({ username, password }))),
    ),
    apiKeys: cluster.apiKeys,
    access: cluster.access,
    ...(cluster.backups === undefined ? {} : { backups: cluster.backups }),
    brokers: cluster.brokers.map(({ name, host, nodeName }) => ({
      name,
      instanceId: host.instanceId,
      privateIp: host.privateAddress,
      nodeName,
    })),
    balancers: pair.balancers.map(({ name, host }) => ({
      name,
      instanceId: host.instanceId,
      privateIp: host.privateAddress,
      publicIp: host.publicAddress,
    })),
    caCertificate: platform.caCertificate,
    ssh: sshOutput(platform, hosts),
    hostFiles: Object.fromEntries(hosts.map((host) => [host.hostname, host.fileSetHash])),
  };
}

/** Through a balancer, since nobody else reaches the brokers' dashboard. */
function dashboardTunnel({ pair, cluster }: MqttPlatform): pulumi.Output<string> {
  const [balancer] = pair.balancers;
  const [broker] = cluster.brokers;
  if (balancer === undefined || broker === undefined) throw new Error('a platform has balancers and brokers');
  const { address, jump } = balancer.host.sshTarget;
  const there = pulumi.all([address, jump?.user ?? '', jump?.host ?? '']);
  return there.apply(([host, jumpUser, jumpHost]) =>
    [
      `ssh -N -i KEY -L ${dashboardPort}:${broker.address}:${dashboardPort}`,
      ...(jumpHost === '' ? [] : [`-J ${jumpUser}@${jumpHost}`]),
      `${pair.loginUser}@${host}`,
    ].join(' '),
  );
}

function sshOutput(platform: MqttPlatform, hosts: readonly Host[]): pulumi.Output<SshOutput> {
  const jump = platform.pair.balancers[0]?.name;
  const entries = hosts.map((host) =>
    pulumi.all([host.sshTarget.address, host.hostKey]).apply(
      ([address, hostKey]) =>
        [
          host.hostname,
          {
            address,
            hostKey,
            ...(host.sshTarget.jump === undefined || jump === undefined ? {} : { jump }),
          },
        ] as const,
    ),
  );
  return pulumi.secret(
    pulumi.all([pulumi.all(entries), platform.sshPrivateKey]).apply(([all, privateKey]) => ({
      user: platform.pair.loginUser,
      privateKey,
      hosts: Object.fromEntries(all),
    })),
  );
}
