import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { accountOf } from '../host/account';
import { Host } from '../host/host';
import { groupsOf } from '../host/openings';
import { bootSoftware } from '../host/packages';
import type { PolicyStatement } from '../host/role';
import type { HostSecret } from '../host/secrets';
import type { BackupPlace } from './backup/rights';
import { backupRights } from './backup/rights';
import type { PlannedClusterArgs } from './clusterArguments';
import { opensTlsPorts } from './encryption';
import { brokerFiles } from './files';
import { defaultInstanceType } from './limits';
import type { ClusterPlan, PlannedBroker } from './plan';
import { agentPort, dashboardPort } from './ports';
import { brokerSecrets } from './secrets';
import { brokerSoftware } from './software';
import type { BrokerView } from './view';

/** What all brokers of a cluster share. */
export interface ClusterParts {
  readonly platform: string;
  readonly args: PlannedClusterArgs;
  readonly securityGroupId: pulumi.Output<string>;
  readonly secret: HostSecret;
  readonly programs: readonly HostSecret[];
  /** Where backups lie; absent without. */
  readonly backup?: pulumi.Output<BackupPlace>;
  /** What must exist before a broker boots. */
  readonly prerequisites: readonly pulumi.Resource[];
}

/** One broker, whose files are changed after the previous one's, and whose instance is replaced in its turn. */
export function brokerHost(
  broker: PlannedBroker,
  { platform, args, securityGroupId, secret, programs, backup, prerequisites }: ClusterParts,
  previous: Host | undefined,
  turn: pulumi.Output<readonly pulumi.Resource[]>,
  parent: pulumi.Resource,
): Host {
  const { plan } = args;
  const region = aws.getRegionOutput({}, { parent }).region;
  const subnet = args.subnets[broker.subnetIndex];
  if (subnet === undefined) throw new Error(`EmqxCluster of ${platform}: no subnet for ${broker.name}`);
  return new Host(
    `${platform}-${broker.name}`,
    {
      ...plan.machine,
      ...accountOf(args),
      ...(args.imageId === undefined ? {} : { imageId: args.imageId }),
      instanceType: args.instanceType ?? defaultInstanceType,
      platform,
      hostname: broker.name,
      subnetId: subnet.subnetId,
      address: broker.address,
      securityGroupIds: groupsOf(securityGroupId, args),
      dataVolumeGib: plan.dataVolumeGib,
      finalSnapshot: plan.finalSnapshot,
      secrets: [secret],
      programs,
      ...(backup === undefined ? {} : { statements: rightsOf(backup, parent) }),
      login: args.login,
      reachedBy: { address: broker.address, ...(args.jump === undefined ? {} : { jump: args.jump }) },
      software: bootSoftware(brokerSoftware(plan.release, plan.machine)),
      files: (facts) =>
        pulumi
          .all([facts, region, secret.arn, pulumi.output(args.hostCertificates), pulumi.output(backup)])
          .apply(([{ dataVolumeId, hostKey }, regionName, arn, certificates, place]) => {
            const isEncrypted = opensTlsPorts(plan.encryption) && certificates !== undefined;
            return brokerFiles({
              ...brokerView(platform, broker, plan),
              region: regionName,
              secrets: [hostKey, ...brokerSecrets(arn, plan.isLicensed, isEncrypted)],
              ...(dataVolumeId === undefined ? {} : { dataVolumeId }),
              ...(place === undefined || plan.backup === undefined
                ? {}
                : { backup: { ...place, everyHours: plan.backup.everyHours } }),
              ...(isEncrypted
                ? {
                    encryption: {
                      step: plan.encryption,
                      certificate: certificates.certificate,
                      balancersCa: certificates.balancersCa,
                    },
                  }
                : {}),
            });
          }),
      egress: prerequisites,
      ...(previous === undefined ? {} : { updateAfter: [previous] }),
      turn,
      protect: args.protect ?? false,
      ...(args.tags === undefined ? {} : { tags: args.tags }),
    },
    { parent },
  );
}

function rightsOf(
  backup: pulumi.Output<BackupPlace>,
  parent: pulumi.Resource,
): pulumi.Output<readonly PolicyStatement[]> {
  const { partition } = aws.getPartitionOutput({}, { parent });
  return pulumi.all([backup, partition]).apply(([place, name]) => backupRights(place, name));
}

function brokerView(
  platform: string,
  broker: PlannedBroker,
  plan: ClusterPlan,
): Omit<BrokerView, 'region' | 'secrets' | 'dataVolumeId'> {
  return {
    platform,
    name: broker.name,
    address: broker.address,
    operatingSystem: plan.machine.operatingSystem,
    emqxVersion: plan.release.version,
    software: brokerSoftware(plan.release, plan.machine),
    clusterName: platform,
    seeds: plan.brokers.map(({ nodeName }) => nodeName),
    nodeName: broker.nodeName,
    listeners: plan.listeners,
    proxyProtocol: plan.proxyProtocol,
    authentication: plan.authentication,
    authorization: plan.authorization,
    settings: plan.settings,
    licensed: plan.isLicensed,
    dynamicMaxConnections: plan.dynamicMaxConnections,
    maxConnections: plan.maxConnections,
    repairGeneration: plan.machine.repairGeneration,
    dashboardPort,
    agent: { port: agentPort, drain: broker.drain, weightPercent: 100 },
  };
}
