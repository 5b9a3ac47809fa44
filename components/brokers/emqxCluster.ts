import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { allow, securityGroup } from '../host/firewall';
import { secretOr } from '../host/generatedSecret';
import { Host } from '../host/host';
import type { MachineArgs } from '../host/machines';
import { checkMachineArgs, machineArgs } from '../host/machines';
import { operatingSystems } from '../host/operatingSystems';
import type { HostSecret } from '../host/secrets';
import { hostSecret, programsSecret } from '../host/secrets';
import type { SshTarget } from '../host/ssh';
import type { HostUserData } from '../host/userData';
import type { Listener } from '../listeners/listener';
import type { ListenersArgs } from '../listeners/plan';
import { checkPorts, planListeners } from '../listeners/plan';
import type { NetworkSubnet } from '../network/parts';
import type { Tags } from '../rendering/naming';
import { tagged, typeToken } from '../rendering/naming';
import { Problems } from '../rendering/problems';
import type { AccessPromise } from './access';
import { checkAccess, promisedAccess } from './access';
import type { AuthenticatorArgs, PlannedAuthentication } from './authentication';
import { planAuthentication } from './authentication';
import type { AuthorizationArgs, PlannedAuthorization } from './authorization';
import { planAuthorization } from './authorization';
import { brokerFiles, brokerPrograms } from './files';
import { checkBrokerMemory, defaultInstanceType } from './limits';
import type { BrokersArgs, PlannedBroker } from './plan';
import { planBrokers } from './plan';
import { agentPort, brokerPorts, dashboardPort } from './ports';
import { brokerRules } from './rules';
import { brokerSecretFields, brokerSecrets } from './secrets';
import type { User } from './users';
import { usersWithPasswords } from './users';
import type { BrokerView } from './view';

/** The brokers, as a platform is told about them. */
export interface EmqxArgs extends MachineArgs {
  /** How many, or each by name. Defaults to 3. */
  brokers?: BrokersArgs;
  /**
   * EMQX's version, `5.8.9` by default: the last line under Apache-2.0. From 5.9.0 (BSL 1.1) a cluster of more than
   * one broker needs `licenseKey`, or a joining broker is refused.
   */
  version?: string;
  /** The licence key for EMQX 5.9 and newer. Kept secret. Defaults to none. */
  licenseKey?: pulumi.Input<string>;
  /** The node cookie: brokers with the same one trust each other. Kept secret. Defaults to 48 random characters. */
  cookie?: pulumi.Input<string>;
  /** The dashboard's password for `admin` on the first boot. Kept secret. Defaults to 24 random characters. */
  dashboardPassword?: pulumi.Input<string>;
  /** Size in GiB of each broker's data volume, which outlives its instance, 1 to 16384; encrypted. Defaults to 8. */
  dataVolumeGib?: number;
  /** Who may connect, asked in this order; who is named nowhere may not, but on listeners with `anonymous: true`. Defaults to nobody. */
  authentication?: AuthenticatorArgs[];
  /** What they may do. Defaults to nothing. */
  authorization?: AuthorizationArgs;
  /** EMQX's apt repository. Defaults to EMQX's own. */
  repository?: RepositoryArgs;
}

/** An apt repository. */
export interface RepositoryArgs {
  /** Its URL, without the distribution's name: `/debian` or `/ubuntu` is added. Defaults to `https://packagecloud.io/emqx/emqx`. */
  url?: string;
  /** The URL of the key that signs it, fetched over HTTPS at first boot. Defaults to `https://packagecloud.io/emqx/emqx/gpgkey`. */
  keyUrl?: string;
}

/** Arguments of EmqxCluster. */
export interface EmqxClusterArgs extends EmqxArgs {
  /** The platform that the brokers belong to, for tags and the cluster's name. Defaults to the component's name. */
  platform?: string;
  /** The VPC. */
  vpcId: pulumi.Input<string>;
  /** Where the brokers are placed, in turn. */
  subnets: readonly NetworkSubnet[];
  /** The listeners of the balancers in front; each has one of its own here, plain and with PROXY protocol. */
  listeners: ListenersArgs;
  /** Security group of the balancers: who may reach listeners, /status and agents. */
  clientsGroupId: pulumi.Input<string>;
  /** PROXY protocol v2 on every listener; the balancers must agree. Defaults to true. */
  proxyProtocol?: boolean;
  /** Who may reach port 22: the balancers' group, or ranges. Defaults to clientsGroupId. */
  sshCidrs?: string[];
  /** The SSH key pair for logging in. */
  login: { readonly keyName: pulumi.Input<string>; readonly privateKey: pulumi.Input<string> };
  /** How `pulumi up` reaches a broker by its private address: directly, or through a jump host. Defaults to directly. */
  jump?: NonNullable<SshTarget['jump']>;
  /** What must exist before brokers boot: routes, NAT. Defaults to nothing. */
  egress?: readonly pulumi.Resource[];
  /** Keeps interfaces, volumes and secrets from being deleted by mistake. Defaults to false. */
  protect?: boolean;
  /** Tags on everything that can carry them. */
  tags?: Tags;
}

/** A cluster with everything decided that can be decided before AWS is asked. */
export interface EmqxPlan {
  readonly brokers: readonly PlannedBroker[];
  readonly version: string;
  readonly authentication: PlannedAuthentication;
  readonly authorization: PlannedAuthorization;
}

/** Decides names, addresses and version; what is wrong goes to `problems` under `emqx`. Touches nothing. */
export function planEmqx(args: EmqxArgs, subnetCidrs: readonly string[], problems: Problems): EmqxPlan {
  const path = 'emqx';
  const brokers = planBrokers(args.brokers ?? 3, subnetCidrs, `${path}.brokers`, problems);
  checkMachineArgs(args, path, problems);
  if (args.dataVolumeGib !== undefined)
    problems.wholeNumber(`${path}.dataVolumeGib`, args.dataVolumeGib, 1, 16_384, 'GiB');
  const version = args.version ?? '5.8.9';
  const parsed = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
  if (parsed === null) {
    problems.add(`${path}.version`, `is ${JSON.stringify(version)}; a release such as 5.8.9 is allowed`);
  } else {
    const [major, minor] = [Number(parsed[1]), Number(parsed[2])];
    const licensed = major > 5 || (major === 5 && minor >= 9);
    if (licensed && brokers.length > 1 && args.licenseKey === undefined)
      problems.add(
        `${path}.version`,
        `is ${version} with ${brokers.length} brokers and no ${path}.licenseKey: from 5.9.0 a cluster needs a licence key; set one, use 5.8.9, or run a single broker`,
      );
    if (major < 5 || (major === 5 && minor < 8))
      problems.add(`${path}.version`, `is ${version}; 5.8.0 or newer is supported`);
  }
  return {
    brokers,
    version,
    authentication: planAuthentication(args.authentication ?? [], `${path}.authentication`, problems),
    authorization: planAuthorization(args.authorization ?? {}, `${path}.authorization`, problems),
  };
}

/**
 * EMQX brokers without public addresses: each with a planned address that its node name is made of, a data volume that
 * outlives the instance, and a listener for each listener of the balancers in front.
 *
 * Throws InputPropertiesError with every problem at once: no or too many brokers, names, addresses or ordinals given
 * twice, weights of 0 everywhere, ports taken twice, a version that needs a licence key without one, authenticators and
 * rules that EMQX would not take or that give a client another's rights.
 */
export class EmqxCluster extends pulumi.ComponentResource {
  /** The brokers, in the order of their ordinals' places in the arguments. */
  readonly brokers: readonly (PlannedBroker & { readonly host: Host })[];
  /** The brokers' security group. */
  readonly securityGroupId: pulumi.Output<string>;
  /** The dashboard's password for `admin`; secret. */
  readonly dashboardPassword: pulumi.Output<string>;
  /** The users of EMQX's built-in database that the arguments name, with their passwords; secret. */
  readonly users: pulumi.Output<readonly User[]>;
  /** How each listener finds out who a client is, and what clients may do. */
  readonly access: AccessPromise;
  /** The node cookie; secret. */
  readonly cookie: pulumi.Output<string>;

  constructor(name: string, args: EmqxClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('EmqxCluster'), name, {}, opts);
    const problems = new Problems();
    const plan = planEmqx(
      args,
      args.subnets.map(({ cidr }) => cidr),
      problems,
    );
    const listeners = planListeners(args.listeners, problems, args.proxyProtocol);
    checkPorts(listeners, 'brokerPort', brokerPorts, problems);
    checkBrokerMemory(
      { listeners, brokerCount: plan.brokers.length, instanceType: args.instanceType },
      problems,
    );
    checkAccess(listeners, plan, args.authorization, problems);
    problems.throwIfAny(`EmqxCluster ${name}`);

    const platform = args.platform ?? name;
    this.cookie = secretOr(args.cookie, `${name}-cookie`, 48, this);
    this.dashboardPassword = secretOr(args.dashboardPassword, `${name}-dashboard-password`, 24, this);
    this.access = promisedAccess(listeners, plan);
    this.users = usersWithPasswords(plan.authentication.users, name, this);
    const secret = hostSecret(
      `${name}-secrets`,
      brokerSecretFields(plan.authentication, {
        cookie: this.cookie,
        dashboardPassword: this.dashboardPassword,
        licenseKey: args.licenseKey,
        users: this.users,
        apiKey: secretOr(undefined, `${name}-api-key`, 48, this),
      }),
      { tags: tagged(platform, `${name}-secrets`, args.tags), protect: args.protect ?? false, parent: this },
    );
    const programs = programsSecret(`${name}-programs`, brokerPrograms(), {
      tags: tagged(platform, `${name}-programs`, args.tags),
      parent: this,
    });
    const group = securityGroup(
      `${name}-group`,
      args.vpcId,
      `brokers of ${platform}`,
      tagged(platform, name, args.tags),
      this,
    );
    this.securityGroupId = group.id;
    const rules = allow(
      name,
      group.id,
      brokerRules(group.id, args.clientsGroupId, args.sshCidrs, listeners, plan.authentication.reaches),
      this,
    );

    const hosts: (PlannedBroker & { host: Host })[] = [];
    for (const broker of plan.brokers) {
      const previous = hosts.at(-1)?.host;
      const secrets = { secret, programs };
      const host = this.broker(name, platform, args, plan, broker, listeners, secrets, rules, previous);
      hosts.push({ ...broker, host });
    }
    this.brokers = hosts;
    this.registerOutputs({ securityGroupId: this.securityGroupId });
  }

  private broker(
    name: string,
    platform: string,
    args: EmqxClusterArgs,
    plan: EmqxPlan,
    broker: PlannedBroker,
    listeners: readonly Listener[],
    { secret, programs }: { readonly secret: HostSecret; readonly programs: HostSecret },
    rules: readonly pulumi.Resource[],
    previous: Host | undefined,
  ): Host {
    const operatingSystem = args.operatingSystem ?? 'debian-13';
    const region = aws.getRegionOutput({}, { parent: this }).region;
    const subnet = args.subnets[broker.subnetIndex];
    if (subnet === undefined) throw new Error(`EmqxCluster ${name}: no subnet for ${broker.name}`);
    const view: Omit<BrokerView, 'region' | 'secrets' | 'dataVolumeId'> = {
      platform,
      name: broker.name,
      address: broker.address,
      operatingSystem,
      emqxVersion: plan.version,
      clusterName: platform,
      seeds: plan.brokers.map(({ nodeName }) => nodeName),
      nodeName: broker.nodeName,
      listeners,
      authentication: plan.authentication,
      authorization: plan.authorization,
      proxyProtocol: args.proxyProtocol ?? true,
      licensed: args.licenseKey !== undefined,
      maxConnections: listeners.reduce((sum, { maxConnections }) => sum + maxConnections, 0),
      dashboardPort,
      agent: { port: agentPort, drain: broker.drain, weightPercent: 100 },
    };
    return new Host(
      `${platform}-${broker.name}`,
      {
        ...machineArgs(args),
        instanceType: args.instanceType ?? defaultInstanceType,
        platform,
        hostname: broker.name,
        subnetId: subnet.subnetId,
        address: broker.address,
        securityGroupIds: [this.securityGroupId],
        dataVolumeGib: args.dataVolumeGib ?? 8,
        secrets: [secret],
        programs,
        login: args.login,
        reachedBy: { address: broker.address, ...(args.jump === undefined ? {} : { jump: args.jump }) },
        software: brokerSoftware(args, plan.version),
        files: (facts) =>
          pulumi.all([facts, region, secret.arn]).apply(([{ dataVolumeId, hostKey }, regionName, arn]) =>
            brokerFiles({
              ...view,
              region: regionName,
              secrets: [hostKey, ...brokerSecrets(arn, args.licenseKey !== undefined)],
              ...(dataVolumeId === undefined ? {} : { dataVolumeId }),
            }),
          ),
        egress: [...(args.egress ?? []), ...rules],
        ...(previous === undefined ? {} : { updateAfter: [previous] }),
        protect: args.protect ?? false,
        ...(args.tags === undefined ? {} : { tags: args.tags }),
      },
      { parent: this },
    );
  }
}

function brokerSoftware(
  args: EmqxClusterArgs,
  version: string,
): Pick<HostUserData, 'packages' | 'aptRepositories'> {
  const { distribution, codename } = operatingSystems[args.operatingSystem ?? 'debian-13'];
  const url = args.repository?.url ?? 'https://packagecloud.io/emqx/emqx';
  return {
    packages: [`emqx=${version}`],
    aptRepositories: [
      {
        name: 'emqx',
        url: `${url}/${distribution}`,
        keyUrl: args.repository?.keyUrl ?? 'https://packagecloud.io/emqx/emqx/gpgkey',
        suite: codename,
        component: 'main',
      },
    ],
  };
}
