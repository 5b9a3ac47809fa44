import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { dashboardPort } from '../brokers/ports';
import type { SecretView } from '../host/fileSet';
import { accountOf } from '../host/account';
import { Host } from '../host/host';
import { groupsOf } from '../host/openings';
import { operatingSystems } from '../host/operatingSystems';
import { bootSoftware } from '../host/packages';
import type { HostSecret } from '../host/secrets';
import type { VirtualIp } from '../virtualIp/virtualIp';
import { balancerFiles } from './files';
import { brokerTlsFiles, furtherCertificateFile, serverCertificateFile } from './haproxyFiles';
import { defaultInstanceType } from './limits';
import type { PlannedPairArgs } from './pairArguments';
import type { PairPlan, PlannedBalancer } from './plan';
import { statsPort } from './ports';
import type { BalancerView } from './view';

/** What both balancers of a pair share. */
export interface PairParts {
  readonly platform: string;
  readonly args: PlannedPairArgs;
  readonly virtualIp: VirtualIp;
  readonly securityGroupId: pulumi.Output<string>;
  readonly secret: HostSecret;
  readonly programs: readonly HostSecret[];
  /** What must exist before a balancer boots. */
  readonly prerequisites: readonly pulumi.Resource[];
}

/**
 * One balancer, whose files are changed after those of `updateAfter` and stay once `confirmAfter` is done, and whose
 * instance is replaced in its turn.
 */
export function balancerHost(
  balancer: PlannedBalancer,
  { platform, args, virtualIp, securityGroupId, secret, programs, prerequisites }: PairParts,
  updateAfter: readonly Host[],
  confirmAfter: pulumi.Output<readonly pulumi.Resource[]>,
  turn: pulumi.Output<readonly pulumi.Resource[]>,
  parent: pulumi.Resource,
): Host {
  const { plan, certificates } = args;
  const subnet = args.subnets[balancer.subnetIndex];
  if (subnet === undefined) throw new Error(`HaproxyPair of ${platform}: no subnet for ${balancer.name}`);
  return new Host(
    `${platform}-${balancer.name}`,
    {
      ...plan.machine,
      ...accountOf(args),
      ...(args.imageId === undefined ? {} : { imageId: args.imageId }),
      instanceType: args.instanceType ?? defaultInstanceType,
      platform,
      hostname: balancer.name,
      subnetId: subnet.subnetId,
      address: balancer.address,
      ...virtualIp.interfaceFor(balancer.vipAddress),
      securityGroupIds: groupsOf(securityGroupId, args),
      interfaceAfter: virtualIp.outlivesInterfaces,
      publicAddress: plan.publicAddresses,
      role: 'virtual-ip',
      statements: virtualIp.takeoverStatements(),
      secrets: [secret],
      programs,
      login: args.login,
      ...reachedBy(args.reach ?? 'publicAddress', balancer.address),
      software: bootSoftware(plan.software),
      files: (facts) =>
        pulumi
          .all([
            facts.hostKey,
            aws.getRegionOutput({}, { parent }).region,
            secret.arn,
            certificates.certificateChain,
            pulumi.all((certificates.further ?? []).map(({ certificateChain }) => certificateChain)),
            virtualIp.viewFrom(facts.interfaceId, balancer.vipAddress),
            pulumi.output(plan.brokersOverTls ? args.hostCertificates : undefined),
          ])
          .apply(([hostKey, region, arn, certificateChain, furtherChains, virtualIpView, hosts]) =>
            balancerFiles({
              ...balancerView(platform, balancer, plan),
              region,
              tls: { ...plan.settings.tls, certificateChain, furtherChains },
              virtualIp: virtualIpView,
              ...(hosts === undefined
                ? {}
                : {
                    brokerTls: {
                      ca: hosts.brokersCa,
                      name: hosts.brokersName,
                      certificate: hosts.certificate,
                    },
                  }),
              secrets: [hostKey, ...balancerSecrets(arn, furtherChains.length, hosts !== undefined)],
            }),
          ),
      egress: prerequisites,
      updateAfter,
      confirmAfter,
      turn,
      protect: args.protect ?? false,
      ...(args.tags === undefined ? {} : { tags: args.tags }),
    },
    { parent },
  );
}

function balancerView(
  platform: string,
  { name, address, priority }: PlannedBalancer,
  plan: PairPlan,
): Omit<BalancerView, 'region' | 'tls' | 'virtualIp' | 'secrets'> {
  const { settings, machine } = plan;
  const { haproxyVersion, keepalivedVersion } = operatingSystems[machine.operatingSystem];
  return {
    platform,
    name,
    address,
    operatingSystem: machine.operatingSystem,
    haproxyVersion,
    keepalivedVersion,
    software: plan.software,
    pair: plan.balancers.map((each) => ({ name: each.name, address: each.address })),
    brokers: plan.brokers.map((broker) => ({
      name: broker.name,
      address: broker.address,
      id: broker.ordinal,
      weight: broker.weight,
    })),
    listeners: plan.listeners,
    proxyProtocol: plan.proxyProtocol,
    maxKeepaliveSeconds: settings.maxKeepaliveSeconds,
    refuseLongKeepalive: settings.refuseLongKeepalive,
    largestConnectBytes: settings.largestConnectBytes,
    inspectDelaySeconds: settings.inspectDelaySeconds,
    stats: { port: statsPort, ...settings.stats },
    ...(settings.dashboard === undefined ? {} : { dashboard: settings.dashboard }),
    healthCheck: { port: dashboardPort, ...settings.healthCheck },
    keepalived: { ...settings.keepalived, priority },
    limits: plan.limits,
  };
}

function reachedBy(
  reach: NonNullable<PlannedPairArgs['reach']>,
  address: string,
): { reachedBy?: Host['sshTarget'] } {
  if (reach === 'publicAddress') return {};
  return { reachedBy: reach === 'privateAddress' ? { address } : { address, jump: reach } };
}

/** Of a further certificate's key in the balancers' secret. */
export function furtherKeyField(index: number): string {
  return `furtherKey${index + 2}`;
}

/** Of the key of the certificate that brokers are shown. */
export const towardsBrokersKeyField = 'towardsBrokersKey';

function balancerSecrets(
  arn: string,
  furtherCertificates: number,
  brokersOverTls: boolean,
): readonly SecretView[] {
  const common = { arn, mode: '0600', owner: 'root:root' };
  const key = (certificate: string, field: string): SecretView => ({
    ...common,
    file: `${certificate}.key`,
    change: { kind: 'runtime', unit: 'haproxy' },
    content: { kind: 'value', field },
  });
  return [
    key(serverCertificateFile, 'serverKey'),
    ...Array.from({ length: furtherCertificates }, (_, index) =>
      key(furtherCertificateFile(index), furtherKeyField(index)),
    ),
    ...(brokersOverTls ? [key(brokerTlsFiles.certificate, towardsBrokersKeyField)] : []),
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
