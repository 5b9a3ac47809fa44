import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import { HaproxyPair } from '../balancers/haproxyPair';
import { checkBalancerMemory } from '../balancers/limits';
import type { HaproxyArgs } from '../balancers/plan';
import { planBalancers, planHaproxy } from '../balancers/plan';
import { balancerPorts } from '../balancers/ports';
import { allowTowardsBrokers } from '../balancers/rules';
import { checkAccess } from '../brokers/access';
import type { EmqxArgs } from '../brokers/emqxCluster';
import { EmqxCluster, planEmqx } from '../brokers/emqxCluster';
import { checkBrokerMemory } from '../brokers/limits';
import { brokerPorts } from '../brokers/ports';
import type { CertificatesArgs } from '../certificates/certificates';
import { Certificates, checkCertificatesArgs } from '../certificates/certificates';
import type { JumpHostArgs, SshArgs } from '../host/ssh';
import { checkSshArgs } from '../host/ssh';
import type { Listener } from '../listeners/listener';
import { isWebSocket } from '../listeners/listener';
import type { ListenersArgs } from '../listeners/plan';
import { checkPorts, planListeners } from '../listeners/plan';
import type { NetworkArgs } from '../network/arguments';
import { isAdopted } from '../network/arguments';
import { Network } from '../network/network';
import type { NetworkPlan } from '../network/plan';
import { planNetworkArgs } from '../network/plan';
import type { Tags } from '../rendering/naming';
import { tagged, typeToken } from '../rendering/naming';
import type { Problem } from '../rendering/problems';
import { Problems } from '../rendering/problems';
import type { VirtualIpArgs } from '../virtualIp/plan';
import { isPublic, planVirtualIp } from '../virtualIp/plan';
import { VirtualIp } from '../virtualIp/virtualIp';
import { checkElasticIps, defaultElasticIpQuota } from './elasticIps';

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

/** Everything that is wrong with the arguments, without touching anything. What is an Output is checked when it is known. */
export function checkMqttPlatformArgs(name: string, args: MqttPlatformArgs): readonly Problem[] {
  const problems = new Problems();
  if (!/^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/.test(name))
    problems.add(
      'name',
      `is ${JSON.stringify(name)}; a letter, then letters, digits and hyphens, at most 20, all lower case, are allowed`,
    );
  const network = planNetworkArgs(args.network ?? {}, 'network', problems);
  const emqx = planEmqx(args.emqx ?? {}, network.brokerCidrs, problems);
  planHaproxy(args.haproxy ?? {}, problems);
  planBalancers(network.balancerCidrs, 'network.balancerSubnets', problems);
  const listeners = planListeners(args.listeners ?? defaultListeners, problems, args.proxyProtocol);
  checkPorts(listeners, 'port', balancerPorts, problems);
  checkPorts(listeners, 'brokerPort', brokerPorts, problems);
  checkAccess(listeners, emqx, args.emqx?.authorization, problems);
  checkBalancerMemory(
    {
      listeners,
      operatingSystem: args.haproxy?.operatingSystem ?? 'debian-13',
      instanceType: args.haproxy?.instanceType,
    },
    problems,
  );
  checkBrokerMemory(
    { listeners, brokerCount: emqx.brokers.length, instanceType: args.emqx?.instanceType },
    problems,
  );
  checkCertificatesArgs(args.certificates ?? {}, 'certificates', problems);
  checkAddresses(args, network, problems);
  checkSshArgs(args.ssh, 'ssh', problems);
  return problems.all;
}

/** The virtual IP on this network, and all Elastic IPs together. */
function checkAddresses(args: MqttPlatformArgs, network: NetworkPlan, problems: Problems): void {
  const virtualIp = planVirtualIp(args.virtualIp ?? {}, network, 'virtualIp', problems);
  const madeForVip = isPublic(virtualIp) && args.virtualIp?.allocationId === undefined;
  const needs = {
    virtualIp: madeForVip ? 1 : 0,
    balancers: balancersArePublic(args, isPublic(virtualIp)) ? 2 : 0,
    natGateways: network.natGatewayCount,
  };
  checkElasticIps(needs, args.elasticIpQuota ?? defaultElasticIpQuota, 'elasticIpQuota', problems);
}

/**
 * Balancers have Elastic IPs of their own where that is their way out (a made network's public subnets, or any with a
 * public virtual IP), or where they are reached on them.
 */
function balancersArePublic({ network = {}, ssh }: MqttPlatformArgs, publicVirtualIp: boolean): boolean {
  return publicVirtualIp || !isAdopted(network) || (ssh.via ?? 'balancers') === 'balancers';
}

const defaultListeners: ListenersArgs = { mqtts: {} };

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
  /** The login user's private key for SSH, OpenSSH format; secret. */
  readonly sshPrivateKey: pulumi.Output<string>;

  readonly network: Network;
  readonly certificates: Certificates;
  readonly virtualIp: VirtualIp;
  /** The name that it was given. */
  readonly name: string;
  readonly pair: HaproxyPair;
  readonly cluster: EmqxCluster;

  constructor(name: string, args: MqttPlatformArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('MqttPlatform'), name, {}, opts);
    const problems = new Problems();
    problems.addAll(checkMqttPlatformArgs(name, args));
    problems.throwIfAny(`MqttPlatform ${name}`);

    this.name = name;
    const common = {
      protect: args.protect ?? false,
      ...(args.tags === undefined ? {} : { tags: args.tags }),
    };
    const child = { parent: this };
    const listeners = args.listeners ?? defaultListeners;

    this.network = new Network(`${name}-network`, { ...common, ...args.network }, child);
    this.virtualIp = new VirtualIp(
      `${name}-vip`,
      { ...common, ...args.virtualIp, platform: name, network: this.network },
      child,
    );
    this.certificates = new Certificates(
      `${name}-certificates`,
      { organization: name, ...args.certificates, ipAddresses: this.virtualIp.addresses },
      child,
    );
    const login = loginKey(name, common.tags, this);
    const via = args.ssh.via ?? 'balancers';
    const brokers = planEmqx(
      args.emqx ?? {},
      this.network.brokerSubnets.map(({ cidr }) => cidr),
      new Problems(),
    ).brokers;
    this.pair = new HaproxyPair(
      `${name}-balancers`,
      {
        ...common,
        ...args.haproxy,
        platform: name,
        vpcId: this.network.vpcId,
        subnets: this.network.balancerSubnets,
        listeners,
        brokers,
        certificates: this.certificates,
        virtualIp: this.virtualIp,
        proxyProtocol: args.proxyProtocol ?? true,
        sshCidrs: args.ssh.allowedCidrs,
        publicAddresses: balancersArePublic(args, this.virtualIp.allocationId !== undefined),
        reach: via === 'balancers' ? 'publicAddress' : via === 'private' ? 'privateAddress' : via,
        login,
        egress: this.network.egress,
        ...(args.activeBalancer === undefined ? {} : { active: args.activeBalancer }),
      },
      child,
    );
    const jump =
      via === 'balancers'
        ? throughBalancer(this.pair, login.privateKey)
        : via === 'private'
          ? undefined
          : via;
    this.cluster = new EmqxCluster(
      `${name}-brokers`,
      {
        ...common,
        ...args.emqx,
        platform: name,
        vpcId: this.network.vpcId,
        subnets: this.network.brokerSubnets,
        listeners,
        clientsGroupId: this.pair.securityGroupId,
        proxyProtocol: args.proxyProtocol ?? true,
        login,
        egress: this.network.egress,
        ...(via === 'balancers' ? {} : { sshCidrs: args.ssh.allowedCidrs }),
        ...(jump === undefined ? {} : { jump }),
      },
      child,
    );
    allowTowardsBrokers(
      `${name}-balancers`,
      this.pair.securityGroupId,
      this.cluster.securityGroupId,
      this.pair.listeners,
      this,
    );

    this.endpoint = this.virtualIp.address;
    this.endpoints = this.endpoint.apply((address) =>
      Object.fromEntries(
        this.pair.listeners.map((listener) => [listener.name, endpointUrl(listener, address)]),
      ),
    );
    this.caCertificate = this.certificates.caCertificate;
    const preferred = this.pair.balancers.find((balancer) => balancer.name === this.pair.preferred);
    this.statsUrl = `http://${preferred?.address ?? ''}:8888/stats`;
    this.sshPrivateKey = login.privateKey;
    this.registerOutputs({
      endpoint: this.endpoint,
      endpoints: this.endpoints,
      caCertificate: this.caCertificate,
      statsUrl: this.statsUrl,
    });
  }
}

/** The key pair for logging in: made here, so that `pulumi up` and `verify` need nothing from the machine they run on. */
function loginKey(
  name: string,
  tags: Tags | undefined,
  parent: MqttPlatform,
): { readonly keyName: pulumi.Output<string>; readonly privateKey: pulumi.Output<string> } {
  const key = new tls.PrivateKey(`${name}-login-key`, { algorithm: 'ED25519' }, { parent });
  const pair = new aws.ec2.KeyPair(
    `${name}-login`,
    { publicKey: key.publicKeyOpenssh, tags: tagged(name, `${name}-login`, tags) },
    { parent },
  );
  return { keyName: pair.keyName, privateKey: pulumi.secret(key.privateKeyOpenssh) };
}

/** Brokers have no public address: they are reached through the first balancer, on its own address, never on the VIP. */
function throughBalancer(pair: HaproxyPair, privateKey: pulumi.Output<string>): JumpHostArgs {
  const [first] = pair.balancers;
  if (first?.host.publicAddress === undefined)
    throw new Error('MqttPlatform: the first balancer has no public address to go through');
  return { host: first.host.publicAddress, user: pair.loginUser, privateKey, hostKey: first.host.hostKey };
}

function endpointUrl({ name, port, path }: Listener, address: string): string {
  return `${name}://${address}:${port}${isWebSocket(name) ? path : ''}`;
}
