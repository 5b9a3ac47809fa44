import * as pulumi from '@pulumi/pulumi';
import { dashboardPort } from '../components/brokers/ports';
import type { AccessPromise, Host, MqttPlatform } from '../components';

/** What `pulumi stack output` shows; `verify` needs nothing else. */
export interface StackOutputs {
  readonly platform: string;
  /** The VIP. */
  readonly endpoint: pulumi.Output<string>;
  /** A URL for each listener. */
  readonly endpoints: pulumi.Output<Record<string, string>>;
  readonly statsUrl: string;
  readonly statsUser: string;
  /** Secret. */
  readonly statsPassword: pulumi.Output<string>;
  /** Secret. */
  readonly dashboardPassword: pulumi.Output<string>;
  /** A command that leads http://127.0.0.1:18083 to the first broker's dashboard; `KEY` is a file with `ssh.privateKey`. */
  readonly dashboardTunnel: pulumi.Output<string>;
  /** The users of EMQX's built-in database that the configuration names. Secret. */
  readonly users: pulumi.Output<readonly { readonly username: string; readonly password: string }[]>;
  /** The keys of EMQX's REST API that the configuration names. Secret. */
  readonly apiKeys: pulumi.Output<
    readonly { readonly key: string; readonly secret: string; readonly role: string }[]
  >;
  /** How each listener finds out who a client is, and what clients may do. */
  readonly access: AccessPromise;
  readonly brokers: readonly {
    readonly name: string;
    readonly instanceId: pulumi.Output<string>;
    readonly privateIp: string;
    readonly nodeName: string;
  }[];
  readonly balancers: readonly {
    readonly name: string;
    readonly instanceId: pulumi.Output<string>;
    readonly privateIp: string;
    readonly publicIp: pulumi.Output<string> | undefined;
  }[];
  readonly caCertificate: pulumi.Output<string>;
  /** How to log in to each host. Secret. */
  readonly ssh: pulumi.Output<SshOutput>;
  /** SHA-256 of the file set that should be on a host, by host: a changed line anywhere shows as a changed host. */
  readonly hostFiles: Readonly<Record<string, pulumi.Output<string>>>;
}

/** Logging in: the user and key of all hosts, and each one's address, pinned key, and the host to go through. */
export interface SshOutput {
  readonly user: string;
  readonly privateKey: string;
  readonly hosts: Readonly<
    Record<string, { readonly address: string; readonly hostKey: string; readonly jump?: string }>
  >;
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
    dashboardTunnel: dashboardTunnel(platform),
    users: pulumi.secret(
      cluster.users.apply((users) => users.map(({ username, password }) => ({ username, password }))),
    ),
    apiKeys: cluster.apiKeys,
    access: cluster.access,
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
