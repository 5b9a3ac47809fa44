import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { PlannedBroker } from '../brokers/plan';
import { dashboardPort } from '../brokers/ports';
import type { Certificates } from '../certificates/certificates';
import type { SecretView } from '../host/fileSet';
import { allow, securityGroup } from '../host/firewall';
import { secretOr } from '../host/generatedSecret';
import type { HostArgs } from '../host/host';
import { Host } from '../host/host';
import { machineArgs } from '../host/machines';
import { operatingSystems } from '../host/operatingSystems';
import type { HostSecret } from '../host/secrets';
import { hostSecret, programsSecret } from '../host/secrets';
import type { Listener } from '../listeners/listener';
import type { ListenersArgs } from '../listeners/plan';
import { checkPorts, listenerNames, planListeners } from '../listeners/plan';
import type { NetworkSubnet } from '../network/parts';
import type { Tags } from '../rendering/naming';
import { tagged, typeToken } from '../rendering/naming';
import { Problems } from '../rendering/problems';
import type { VirtualIp } from '../virtualIp/virtualIp';
import { balancerFiles, balancerPrograms } from './files';
import { checkBalancerMemory, planLimits } from './limits';
import type { BalancerSettings, HaproxyArgs, PlannedBalancer } from './plan';
import { planBalancers, planHaproxy } from './plan';
import { balancerPorts, statsPort } from './ports';
import { balancerRules } from './rules';
import type { BalancerView } from './view';

/** Arguments of HaproxyPair. */
export interface HaproxyPairArgs extends HaproxyArgs {
  /** The platform that the balancers belong to, for tags. Defaults to the component's name. */
  platform?: string;
  /** The VPC. */
  vpcId: pulumi.Input<string>;
  /** Where the balancers are placed: one subnet, or two in different zones. */
  subnets: readonly NetworkSubnet[];
  /** The listeners that clients connect to; those that name no ranges are open to whoever can reach the address. */
  listeners: ListenersArgs;
  /** The brokers behind, by planned address. */
  brokers: readonly PlannedBroker[];
  /** The server certificate, its key and CA. */
  certificates: Pick<Certificates, 'certificateChain' | 'privateKey'>;
  /** The address that the active balancer holds. */
  virtualIp: VirtualIp;
  /** PROXY protocol v2 towards the brokers; they must agree. Defaults to true. */
  proxyProtocol?: boolean;
  /** Ranges that may reach port 22. */
  sshCidrs: string[];
  /** False: the subnets have another way out, and balancers get no Elastic IPs of their own; not with a public address. Defaults to true. */
  publicAddresses?: boolean;
  /** How `pulumi up` reaches the balancers. Defaults to each one's own public address. */
  reach?: 'publicAddress' | 'privateAddress' | NonNullable<NonNullable<Host['sshTarget']>['jump']>;
  /** The SSH key pair for logging in. */
  login: { readonly keyName: pulumi.Input<string>; readonly privateKey: pulumi.Input<string> };
  /** What must exist before balancers boot: routes. Defaults to nothing. */
  egress?: readonly pulumi.Resource[];
  /** The balancer that holds the VIP at this moment, by name: its files are changed last. Defaults to the preferred one. */
  active?: string;
  /** Keeps interfaces, addresses and secrets from being deleted by mistake. Defaults to false. */
  protect?: boolean;
  /** Tags on everything that can carry them. */
  tags?: Tags;
}

/**
 * Two HAProxy hosts, of which Keepalived makes one active; on EC2 the active one takes the virtual IP by an API call.
 *
 * Throws InputPropertiesError with every problem at once: ports taken twice, balancing that cannot see what it needs,
 * times and sizes out of bounds.
 */
export class HaproxyPair extends pulumi.ComponentResource {
  /** Both balancers, in the order of their names. */
  readonly balancers: readonly (PlannedBalancer & { readonly host: Host })[];
  /** The balancers' security group. */
  readonly securityGroupId: pulumi.Output<string>;
  /** The statistics page's password; secret. */
  readonly statsPassword: pulumi.Output<string>;
  /** The statistics page's user. */
  readonly statsUser: string;
  /** The listeners with their defaults applied. */
  readonly listeners: readonly Listener[];
  /** The balancer that is active when both are well at their start. */
  readonly preferred: string;
  /** The user to log in as. */
  readonly loginUser: string;

  constructor(name: string, args: HaproxyPairArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('HaproxyPair'), name, {}, opts);
    const problems = new Problems();
    const settings = planHaproxy(args, problems);
    const plan = planBalancers(
      args.subnets.map(({ cidr }) => cidr),
      'subnets',
      problems,
    );
    const { virtualIp } = args;
    this.listeners = planListeners(
      openTo(virtualIp.clientCidrs, args.listeners),
      problems,
      args.proxyProtocol,
    );
    checkPorts(this.listeners, 'port', balancerPorts, problems);
    checkBalancerMemory(
      {
        listeners: this.listeners,
        operatingSystem: args.operatingSystem ?? 'debian-13',
        instanceType: args.instanceType,
      },
      problems,
    );
    problems.throwIfAny(`HaproxyPair ${name}`);

    const platform = args.platform ?? name;
    this.loginUser = operatingSystems[args.operatingSystem ?? 'debian-13'].loginUser;
    this.preferred = settings.preferred;
    this.statsUser = settings.stats.user;
    this.statsPassword = secretOr(args.stats?.password, `${name}-stats-password`, 24, this);
    const secret = hostSecret(
      `${name}-secrets`,
      {
        serverKey: args.certificates.privateKey,
        statsPassword: this.statsPassword,
        ticketMaster: secretOr(undefined, `${name}-ticket-master`, 64, this),
      },
      { tags: tagged(platform, `${name}-secrets`, args.tags), protect: args.protect ?? false, parent: this },
    );
    const programs = programsSecret(`${name}-programs`, balancerPrograms(), {
      tags: tagged(platform, `${name}-programs`, args.tags),
      parent: this,
    });
    const group = securityGroup(
      `${name}-group`,
      args.vpcId,
      `balancers of ${platform}`,
      tagged(platform, name, args.tags),
      this,
    );
    this.securityGroupId = group.id;
    const rules = allow(
      name,
      group.id,
      balancerRules(group.id, args.sshCidrs, settings.statsCidrs, this.listeners),
      this,
    );

    const [preferredInterfaceId, preferredIs] = pulumi.deferredOutput<string>();
    const prerequisites = [...rules, ...virtualIp.placeOn(preferredInterfaceId)];
    const active = args.active ?? settings.preferred;
    const standbyFirst = [...plan].sort((a, b) => Number(a.name === active) - Number(b.name === active));
    const hosts = new Map<string, Host>();
    for (const balancer of standbyFirst) {
      const updateAfter = [...hosts.values()];
      hosts.set(
        balancer.name,
        this.balancer(
          name,
          platform,
          args,
          settings,
          plan,
          balancer,
          { secret, programs },
          prerequisites,
          updateAfter,
        ),
      );
    }
    const preferred = hosts.get(settings.preferred);
    if (preferred !== undefined) preferredIs(preferred.interfaceId);
    this.balancers = plan.flatMap((balancer) => {
      const host = hosts.get(balancer.name);
      return host === undefined ? [] : [{ ...balancer, host }];
    });
    this.registerOutputs({ securityGroupId: this.securityGroupId });
  }

  private balancer(
    name: string,
    platform: string,
    args: HaproxyPairArgs,
    settings: BalancerSettings,
    plan: readonly PlannedBalancer[],
    balancer: PlannedBalancer,
    { secret, programs }: { readonly secret: HostSecret; readonly programs: HostSecret },
    prerequisites: readonly pulumi.Resource[],
    updateAfter: readonly Host[],
  ): Host {
    const operatingSystem = args.operatingSystem ?? 'debian-13';
    const { haproxyVersion, keepalivedVersion } = operatingSystems[operatingSystem];
    const subnet = args.subnets[balancer.subnetIndex];
    if (subnet === undefined) throw new Error(`HaproxyPair ${name}: no subnet for ${balancer.name}`);
    const view: Omit<BalancerView, 'region' | 'tls' | 'virtualIp' | 'secrets'> = {
      platform,
      name: balancer.name,
      address: balancer.address,
      operatingSystem,
      haproxyVersion,
      keepalivedVersion,
      pair: plan.map((each) => ({ name: each.name, address: each.address })),
      brokers: args.brokers.map((broker) => ({
        name: broker.name,
        address: broker.address,
        id: broker.ordinal,
        weight: broker.weight,
      })),
      listeners: this.listeners,
      proxyProtocol: args.proxyProtocol ?? true,
      maxKeepaliveSeconds: settings.maxKeepaliveSeconds,
      refuseLongKeepalive: settings.refuseLongKeepalive,
      largestConnectBytes: settings.largestConnectBytes,
      inspectDelaySeconds: settings.inspectDelaySeconds,
      stats: { port: statsPort, ...settings.stats },
      healthCheck: { port: dashboardPort, ...settings.healthCheck },
      keepalived: { ...settings.keepalived, priority: settings.priorityOf(balancer.name) },
      limits: planLimits(this.listeners),
    };
    return new Host(
      `${platform}-${balancer.name}`,
      {
        ...machineArgs(args),
        platform,
        hostname: balancer.name,
        subnetId: subnet.subnetId,
        address: balancer.address,
        ...interfaceFor(args.virtualIp, balancer),
        securityGroupIds: [this.securityGroupId],
        publicAddress: args.publicAddresses ?? true,
        role: 'virtual-ip',
        statements: args.virtualIp.takeoverStatements(),
        secrets: [secret],
        programs,
        login: args.login,
        ...reachedBy(args.reach ?? 'publicAddress', balancer.address),
        software: { packages: ['haproxy', 'keepalived'], aptRepositories: [] },
        files: (facts) =>
          pulumi
            .all([
              facts.hostKey,
              aws.getRegionOutput({}, { parent: this }).region,
              secret.arn,
              args.certificates.certificateChain,
              args.virtualIp.viewFrom(facts.interfaceId, balancer.vipAddress),
            ])
            .apply(([hostKey, region, arn, certificateChain, virtualIp]) =>
              balancerFiles({
                ...view,
                region,
                tls: { ...settings.tls, certificateChain },
                virtualIp,
                secrets: [hostKey, ...balancerSecrets(arn)],
              }),
            ),
        egress: [...(args.egress ?? []), ...prerequisites],
        updateAfter,
        protect: args.protect ?? false,
        ...(args.tags === undefined ? {} : { tags: args.tags }),
      },
      { parent: this },
    );
  }
}

/** Listeners that name no ranges of their own are open to those who can reach the address. */
function openTo(cidrs: readonly string[], listeners: ListenersArgs): ListenersArgs {
  const allowedCidrs = [...cidrs];
  return Object.fromEntries(
    listenerNames.flatMap((name) => {
      const args = listeners[name];
      return args === undefined ? [] : [[name, { allowedCidrs, ...args }] as const];
    }),
  );
}

/** What the address's way of moving asks of the interfaces that may hold it. */
function interfaceFor(
  { mode }: VirtualIp,
  { vipAddress }: PlannedBalancer,
): Pick<HostArgs, 'secondaryAddresses' | 'takesAnyDestination' | 'addressesMove'> {
  switch (mode) {
    case 'elasticIp':
      return { secondaryAddresses: [vipAddress] };
    case 'route':
      return { takesAnyDestination: true };
    case 'privateIp':
      return { addressesMove: true };
  }
}

function reachedBy(
  reach: NonNullable<HaproxyPairArgs['reach']>,
  address: string,
): { reachedBy?: Host['sshTarget'] } {
  if (reach === 'publicAddress') return {};
  return { reachedBy: reach === 'privateAddress' ? { address } : { address, jump: reach } };
}

function balancerSecrets(arn: string): readonly SecretView[] {
  const common = { arn, mode: '0600', owner: 'root:root' };
  return [
    {
      ...common,
      file: '/etc/haproxy/certs/server.pem.key',
      change: { kind: 'runtime', unit: 'haproxy' },
      content: { kind: 'value', field: 'serverKey' },
    },
    {
      ...common,
      file: '/etc/emqx-haproxy/secrets/ticket-master',
      // haproxy-watch renews the keys that follow from it.
      mode: '0640',
      owner: 'root:haproxy',
      change: { kind: 'runtime', unit: 'haproxy' },
      content: { kind: 'value', field: 'ticketMaster' },
    },
    {
      ...common,
      file: '/etc/emqx-haproxy/secrets/haproxy.env',
      // systemd hands an EnvironmentFile to a process at its start only.
      change: { kind: 'restart', unit: 'haproxy' },
      content: { kind: 'env', variables: { STATS_PASSWORD: 'statsPassword' } },
    },
  ];
}
