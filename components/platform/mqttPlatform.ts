import * as pulumi from '@pulumi/pulumi';
import { HaproxyPair } from '../balancers/haproxyPair';
import { reachOfBalancers } from '../balancers/reach';
import { allowTowardsBrokers } from '../balancers/rules';
import type { PlannedClusterArgs } from '../brokers/clusterArguments';
import { EmqxCluster } from '../brokers/emqxCluster';
import { comesByTls, opensTlsPorts } from '../brokers/encryption';
import { Certificates } from '../certificates/certificates';
import type { HostCertificates } from '../certificates/hostCertificates';
import { makeHostCertificates } from '../certificates/hostCertificates';
import { accountOf } from '../host/account';
import type { JumpHostArgs, SshArgs } from '../host/ssh';
import { endpointUrls } from '../listeners/endpoints';
import { Network } from '../network/network';
import { tagged, typeToken } from '../rendering/naming';
import { refuse } from '../rendering/problems';
import { VirtualIp } from '../virtualIp/virtualIp';
import type { MqttPlatformArgs } from './arguments';
import type { Login } from './login';
import { loginKey } from './login';
import type { PlatformPlan } from './plan';
import { planPlatform } from './plan';
import { warningsOf } from './warnings';

/**
 * An EMQX cluster behind two HAProxy hosts with a virtual IP: network, certificates, brokers, balancers and the
 * address, composed. Each part can also be used alone.
 *
 * Throws InputPropertiesError with every problem of every part at once, before anything is touched.
 */
export class MqttPlatform extends pulumi.ComponentResource {
  /** The address that clients use. */
  readonly endpoint: pulumi.Output<string>;
  /** A URL for each listener that is on, for example `mqtts://198.51.100.10:8883`. */
  readonly endpoints: pulumi.Output<Record<string, string>>;
  /** PEM of the CA that clients trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** Where the statistics page answers, on the preferred balancer's private address. */
  readonly statsUrl: string;
  /** Where EMQX's dashboard answers on the virtual IP; absent where only SSH leads to it. */
  readonly dashboardUrl?: pulumi.Output<string>;
  /** The login user's private key for SSH, OpenSSH format; secret. */
  readonly sshPrivateKey: pulumi.Output<string>;

  /** Where its hosts are, made or adopted. */
  readonly network: Network;
  /** What the balancers show to clients. */
  readonly certificates: Certificates;
  /** The address, and what it asks of the balancers. */
  readonly virtualIp: VirtualIp;
  /** The name that it was given. */
  readonly name: string;
  /** The two balancers. */
  readonly pair: HaproxyPair;
  /** The brokers. */
  readonly cluster: EmqxCluster;

  constructor(name: string, args: MqttPlatformArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('MqttPlatform'), name, {}, opts);
    const plan = planPlatform(name, args);
    refuse(`MqttPlatform ${name}`, plan.problems);
    for (const warning of warningsOf(plan, args)) void pulumi.log.warn(warning, this);

    this.name = name;
    this.network = this.makeNetwork(plan, args);
    this.virtualIp = this.makeVirtualIp(plan, args);
    this.certificates = this.makeCertificates(plan, args);
    const login = loginKey(name, args.tags, this);
    const hosts = this.makeHostCertificates(plan);
    this.pair = this.makePair(plan, args, login, hosts);
    this.cluster = this.makeCluster(plan, args, login, hosts);
    allowTowardsBrokers(
      `${name}-balancers`,
      this.pair.securityGroupId,
      this.cluster.securityGroupId,
      plan.listeners,
      this,
      plan.cluster.encryption,
      tagged(name, `${name}-balancers`, args.tags),
    );

    this.endpoint = this.virtualIp.address;
    this.endpoints = this.endpoint.apply((address) => endpointUrls(plan.listeners, address));
    this.caCertificate = this.certificates.caCertificate;
    this.statsUrl = plan.statsUrl;
    const { dashboard } = plan.pair.settings;
    if (dashboard !== undefined)
      this.dashboardUrl = pulumi.interpolate`https://${this.endpoint}:${dashboard.port}`;
    this.sshPrivateKey = login.privateKey;
    this.registerOutputs({
      endpoint: this.endpoint,
      endpoints: this.endpoints,
      caCertificate: this.caCertificate,
      statsUrl: this.statsUrl,
    });
  }

  private makeNetwork({ network: plan, name }: PlatformPlan, args: MqttPlatformArgs): Network {
    return new Network(`${name}-network`, { ...common(args), ...args.network, plan }, { parent: this });
  }

  private makeVirtualIp({ virtualIp: plan, name }: PlatformPlan, args: MqttPlatformArgs): VirtualIp {
    const { network } = this;
    return new VirtualIp(
      `${name}-vip`,
      { ...common(args), ...args.virtualIp, platform: name, network, plan },
      { parent: this },
    );
  }

  private makeCertificates({ certificates: plan, name }: PlatformPlan, args: MqttPlatformArgs): Certificates {
    const ipAddresses = this.virtualIp.addresses;
    return new Certificates(
      `${name}-certificates`,
      { organization: name, ...args.certificates, ipAddresses, plan },
      { parent: this },
    );
  }

  private makeHostCertificates({ name, certificates, cluster }: PlatformPlan): HostCertificates | undefined {
    if (!opensTlsPorts(cluster.encryption)) return undefined;
    return makeHostCertificates(`${name}-certificates`, name, certificates, this);
  }

  private makePair(
    plan: PlatformPlan,
    args: MqttPlatformArgs,
    login: Login,
    hosts: HostCertificates | undefined,
  ): HaproxyPair {
    const { instanceType, imageId, furtherSecurityGroupIds, stats } = args.haproxy ?? {};
    return new HaproxyPair(
      `${plan.name}-balancers`,
      {
        ...common(args),
        plan: plan.pair,
        ...accountOf(args),
        ...(plan.pair.publicAddresses ? {} : { webCidrs: plan.network.webCidrs }),
        ...(instanceType === undefined ? {} : { instanceType }),
        ...(imageId === undefined ? {} : { imageId }),
        ...(furtherSecurityGroupIds === undefined ? {} : { furtherSecurityGroupIds }),
        ...(stats?.password === undefined ? {} : { statsPassword: stats.password }),
        platform: plan.name,
        vpcId: this.network.vpcId,
        subnets: this.network.balancerSubnets,
        certificates: this.certificates,
        ...(hosts === undefined || !comesByTls(plan.cluster.encryption)
          ? {}
          : {
              hostCertificates: { ...hosts.balancers, brokersCa: hosts.ca, brokersName: hosts.brokers.name },
            }),
        virtualIp: this.virtualIp,
        sshCidrs: plan.ssh.allowedCidrs,
        reach: reachOfBalancers(args.ssh),
        login,
        egress: this.network.egress,
        ...(args.activeBalancer === undefined ? {} : { active: args.activeBalancer }),
      },
      { parent: this },
    );
  }

  private makeCluster(
    plan: PlatformPlan,
    args: MqttPlatformArgs,
    login: Login,
    hosts: HostCertificates | undefined,
  ): EmqxCluster {
    return new EmqxCluster(
      `${plan.name}-brokers`,
      {
        ...common(args),
        ...args.emqx,
        ...accountOf(args),
        webCidrs: plan.network.webCidrs,
        plan: plan.cluster,
        ...(hosts === undefined ? {} : { hostCertificates: { ...hosts.brokers, balancersCa: hosts.ca } }),
        platform: plan.name,
        vpcId: this.network.vpcId,
        subnets: this.network.brokerSubnets,
        clientsGroupId: this.pair.securityGroupId,
        login,
        egress: this.network.egress,
        after: this.pair.balancers.map(({ host }) => host),
        leaveBefore: this.pair.leaving,
        ...reachOfBrokers(args.ssh, this.pair, login),
      },
      { parent: this },
    );
  }
}

function common({ protect = false, tags }: MqttPlatformArgs): Pick<MqttPlatformArgs, 'protect' | 'tags'> {
  return { protect, ...(tags === undefined ? {} : { tags }) };
}

/** Who opens port 22 of a broker, and the host to go through. */
function reachOfBrokers(
  { allowedCidrs: sshCidrs, via = 'balancers' }: SshArgs,
  pair: HaproxyPair,
  login: Login,
): Pick<PlannedClusterArgs, 'sshCidrs' | 'jump'> {
  switch (via) {
    case 'balancers':
      return { jump: throughBalancer(pair, login) };
    case 'private':
      return { sshCidrs };
    default:
      return { sshCidrs, jump: via };
  }
}

/** Brokers have no public address: they are reached through the first balancer, on its own address, never on the VIP. */
function throughBalancer(pair: HaproxyPair, { privateKey }: Login): JumpHostArgs {
  const [first] = pair.balancers;
  if (first?.host.publicAddress === undefined)
    throw new Error('MqttPlatform: the first balancer has no public address to go through');
  return { host: first.host.publicAddress, user: pair.loginUser, privateKey, hostKey: first.host.hostKey };
}
