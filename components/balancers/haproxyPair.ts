import * as pulumi from '@pulumi/pulumi';
import { accountOf } from '../host/account';
import { allow, securityGroup } from '../host/firewall';
import { outboundWeb } from '../host/rules';
import { secretOr } from '../host/generatedSecret';
import type { Host } from '../host/host';
import { haveLeave } from '../host/leaving';
import { operatingSystems } from '../host/operatingSystems';
import { hostSecret, programsSecrets } from '../host/secrets';
import { Turns } from '../host/turns';
import type { Listener } from '../listeners/listener';
import { endingSoon } from '../certificates/revocationLists';
import { planListeners } from '../listeners/plan';
import { tagged, typeToken } from '../rendering/naming';
import { Problems } from '../rendering/problems';
import type { VirtualIp } from '../virtualIp/virtualIp';
import type { PairParts } from './balancerHost';
import { balancerHost, furtherKeyField, towardsBrokersKeyField } from './balancerHost';
import { balancerPrograms } from './files';
import type { HaproxyPairArgs, PlannedPairArgs } from './pairArguments';
import type { PlannedBalancer } from './plan';
import { planPair } from './plan';
import { balancerRules } from './rules';
import { tlsOfListeners } from './settings';

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
  /** The address that the active one holds. */
  readonly virtualIp: VirtualIp;
  /** The user to log in as. */
  readonly loginUser: string;
  /** How the balancers leave: whoever needs them for that leaves before. */
  readonly leaving: readonly pulumi.Resource[];

  constructor(
    name: string,
    args: HaproxyPairArgs | PlannedPairArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(typeToken('HaproxyPair'), name, {}, opts);
    const planned = 'plan' in args ? args : planAlone(name, args);
    const { plan, tags, protect = false, platform = name } = planned;
    const { settings } = plan;
    const virtualIp = typeof planned.virtualIp === 'function' ? planned.virtualIp(this) : planned.virtualIp;
    this.virtualIp = virtualIp;

    this.listeners = plan.listeners;
    this.loginUser = operatingSystems[plan.machine.operatingSystem].loginUser;
    this.preferred = settings.preferred;
    this.statsUser = settings.stats.user;
    this.statsPassword = secretOr(planned.statsPassword, `${name}-stats-password`, 24, this);
    const secret = hostSecret(
      `${name}-secrets`,
      {
        serverKey: planned.certificates.privateKey,
        ...Object.fromEntries(
          (planned.certificates.further ?? []).map(({ privateKey }, index) => [
            furtherKeyField(index),
            privateKey,
          ]),
        ),
        ...(planned.hostCertificates === undefined
          ? {}
          : { [towardsBrokersKeyField]: planned.hostCertificates.privateKey }),
        statsPassword: this.statsPassword,
        ticketMaster: secretOr(undefined, `${name}-ticket-master`, 64, this),
      },
      { ...accountOf(planned), tags: tagged(platform, `${name}-secrets`, tags), protect, parent: this },
    );
    const programs = programsSecrets(`${name}-programs`, balancerPrograms(plan.limits), {
      ...accountOf(planned),
      tags: tagged(platform, `${name}-programs`, tags),
      parent: this,
    });
    const group = securityGroup(
      `${name}-group`,
      planned.vpcId,
      `balancers of ${platform}`,
      tagged(platform, name, tags),
      this,
    );
    this.securityGroupId = group.id;
    const rules = allow(
      name,
      group.id,
      balancerRules(group.id, planned.sshCidrs, settings.statsCidrs, settings.dashboard, plan.listeners, [
        ...outboundWeb(planned.webCidrs),
        ...plan.egressRules,
      ]),
      tagged(platform, name, tags),
      this,
    );
    const [preferredInterfaceId, preferredIs] = pulumi.deferredOutput<string>();
    this.balancers = this.standbyFirst(plan.balancers, planned.active ?? settings.preferred, {
      platform,
      args: planned,
      virtualIp,
      securityGroupId: group.id,
      secret,
      programs,
      prerequisites: [...(planned.egress ?? []), ...rules, ...virtualIp.placeOn(preferredInterfaceId)],
    });
    this.leaving = haveLeave(
      this.balancers.map(({ host }) => host),
      {
        leave: ['balancer.leave'],
        leaveSeconds: leaveAndStopSeconds,
        without: () => ['balancer.without'],
        unlessGone: group,
      },
    );
    const preferred = this.balancers.find((balancer) => balancer.name === settings.preferred);
    if (preferred !== undefined) preferredIs(preferred.host.interfaceId);
    for (const { name: listener, clientCertificates } of plan.listeners)
      for (const ending of endingSoon(clientCertificates?.crl ?? ''))
        void pulumi.log.warn(
          `listeners.${listener}.clientCertificates.crl: ${ending}: from then on ${clientCertificates?.keepsEndedLists === true ? 'the old list counts on' : 'every client is refused'}; give the CA's newest`,
          this,
        );
    this.registerOutputs({
      securityGroupId: this.securityGroupId,
      // For policies: what is meant to be open.
      listeners: plan.listeners.map(({ name: listener, port, allowedCidrs }) => ({
        name: listener,
        port,
        allowedCidrs,
      })),
    });
  }

  /** Whatever changes, files or the instance, does so on the standby before it does on the active balancer. */
  private standbyFirst(
    balancers: readonly PlannedBalancer[],
    active: string,
    parts: PairParts,
  ): HaproxyPair['balancers'] {
    const hosts = new Map<string, Host>();
    const turns = new Turns();
    const confirmations = balancers.map(() => pulumi.deferredOutput<readonly pulumi.Resource[]>());
    for (const [index, balancer] of balancers
      .toSorted((a, b) => Number(a.name === active) - Number(b.name === active))
      .entries()) {
      const [confirmAfter = pulumi.output<readonly pulumi.Resource[]>([])] = confirmations[index] ?? [];
      const former = [...hosts.values()];
      hosts.set(
        balancer.name,
        balancerHost(balancer, parts, former, confirmAfter, turns.of(balancer.name), this),
      );
    }
    // A set that fails on the last one is confirmed on none, and so taken back on all.
    const confirmed = [...hosts.values()].map((host) => host.confirmed);
    for (const [index, [, isKnown]] of confirmations.entries())
      isKnown(pulumi.output(confirmed.slice(index + 1)));
    turns.taken([...hosts.values()], [], () => ['health', '--wait', '60'], this);
    return balancers.flatMap((balancer) => {
      const host = hosts.get(balancer.name);
      return host === undefined ? [] : [{ ...balancer, host }];
    });
  }
}

/** For the stops of Keepalived and HAProxy: the limits that host/residents/left.py has for them, and some more. */
const leaveAndStopSeconds = 700;

function planAlone(name: string, args: HaproxyPairArgs): PlannedPairArgs {
  const problems = new Problems();
  const { brokers, proxyProtocol = true, publicAddresses = true, stats } = args;
  const { clientCidrs } = args.virtualIp;
  const { servers = [{ name: 'server' }] } = args.certificates;
  const listeners = planListeners(args.listeners, problems, {
    proxyProtocol,
    clientCidrs,
    ...tlsOfListeners(args, servers),
  });
  const plan = planPair(
    args,
    {
      subnets: args.subnets,
      subnetsPath: 'subnets',
      listeners,
      brokers,
      proxyProtocol,
      publicAddresses,
      brokersOverTls: args.hostCertificates !== undefined,
    },
    problems,
  );
  problems.throwIfAny(`HaproxyPair ${name}`);
  return { ...args, plan, ...(stats?.password === undefined ? {} : { statsPassword: stats.password }) };
}
