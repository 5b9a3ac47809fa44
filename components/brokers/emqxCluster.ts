import * as pulumi from '@pulumi/pulumi';
import { accountOf } from '../host/account';
import { allow, securityGroup } from '../host/firewall';
import { secretOr } from '../host/generatedSecret';
import type { Host } from '../host/host';
import { haveLeave } from '../host/leaving';
import { hostSecret, programsSecrets } from '../host/secrets';
import { Turns } from '../host/turns';
import { planListeners } from '../listeners/plan';
import { tagged, typeToken } from '../rendering/naming';
import { Problems } from '../rendering/problems';
import type { AccessPromise } from './access';
import { namesNobody, promisedAccess } from './access';
import type { ApiKey } from './apiKeys';
import { apiKeysWithSecrets } from './apiKeySecrets';
import { backupPlace } from './backup/place';
import { chainSecrets } from './authenticators/secrets';
import type { ClusterParts } from './brokerHost';
import { brokerHost } from './brokerHost';
import { brokerListeners } from './brokerListeners';
import type { EmqxClusterArgs, PlannedClusterArgs } from './clusterArguments';
import { drainPace } from './draining';
import { brokerPrograms } from './files';
import { usersWithPasswords } from './passwords';
import { opensTlsPorts } from './encryption';
import { noteOnLicence } from './licence';
import type { PlannedBroker } from './plan';
import { planCluster } from './plan';
import { brokerRules } from './rules';
import { brokerSecretFields } from './secrets';
import { withoutSecrets } from './settings/secretSettings';
import type { User } from './users';
import { noteOnRelease } from './versions';

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
  /** The keys of EMQX's REST API that the arguments name, with their secrets; secret. */
  readonly apiKeys: pulumi.Output<readonly ApiKey[]>;
  /** How each listener finds out who a client is, and what clients may do. */
  readonly access: AccessPromise;
  /** Where EMQX's data is copied to, `s3://BUCKET/PREFIX`; absent without `backup`. */
  readonly backups?: pulumi.Output<string>;
  /** The node cookie; secret. */
  readonly cookie: pulumi.Output<string>;

  constructor(
    name: string,
    args: EmqxClusterArgs | PlannedClusterArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(typeToken('EmqxCluster'), name, {}, opts);
    const planned = 'plan' in args ? args : planAlone(name, args);
    const { plan, tags, protect = false, platform = name, authentication: authenticators = [] } = planned;

    this.cookie = secretOr(planned.cookie, `${name}-cookie`, 48, this);
    this.dashboardPassword = secretOr(planned.dashboardPassword, `${name}-dashboard-password`, 24, this);
    this.users = usersWithPasswords(plan.authentication.users, authenticators, name, this);
    this.apiKeys = apiKeysWithSecrets(plan.apiKeys, planned.apiKeys ?? {}, name, this);
    this.access = promisedAccess(plan.listeners, plan);
    if (namesNobody(plan.authentication, this.access))
      void pulumi.log.warn('emqx.authentication names nobody, so no client can connect', this);
    const note = noteOnRelease(plan.release);
    if (note !== undefined) void pulumi.log.info(note, this);
    const ofLicence = noteOnLicence(planned.licenseKey);
    if (ofLicence !== undefined) void pulumi.log.warn(ofLicence, this);
    const atStart = Object.keys(plan.settings.atStart);
    if (atStart.length > 0)
      void pulumi.log.info(
        `emqx.settings: a change of ${atStart.join(', ')} restarts the brokers, one after another; all others are taken while EMQX runs`,
        this,
      );
    const secret = hostSecret(
      `${name}-secrets`,
      brokerSecretFields(plan.authentication.users, {
        cookie: this.cookie,
        dashboardPassword: this.dashboardPassword,
        licenseKey: planned.licenseKey,
        users: this.users,
        chain: chainSecrets(
          authenticators,
          plan.authentication.chains,
          brokerListeners(plan.listeners, plan.encryption),
        ),
        settings: withoutSecrets(planned.settings ?? {}).secrets,
        apiKeys: this.apiKeys,
        listenersKey: opensTlsPorts(plan.encryption) ? planned.hostCertificates?.privateKey : undefined,
        ownApiKey: secretOr(undefined, `${name}-api-key`, 48, this),
      }),
      { ...accountOf(planned), tags: tagged(platform, `${name}-secrets`, tags), protect, parent: this },
    );
    const programs = programsSecrets(`${name}-programs`, brokerPrograms(), {
      ...accountOf(planned),
      tags: tagged(platform, `${name}-programs`, tags),
      parent: this,
    });
    const group = securityGroup(
      `${name}-group`,
      planned.vpcId,
      `brokers of ${platform}`,
      tagged(platform, name, tags),
      this,
    );
    this.securityGroupId = group.id;
    const rules = allow(
      name,
      group.id,
      brokerRules(group.id, planned.clientsGroupId, planned, plan),
      tagged(platform, name, tags),
      this,
    );
    const backup = backupPlace(name, platform, planned, this);
    if (backup !== undefined) this.backups = backup.apply(({ bucket, prefix }) => `s3://${bucket}/${prefix}`);
    this.brokers = this.oneAfterTheOther(plan.brokers, {
      platform,
      args: planned,
      securityGroupId: group.id,
      secret,
      programs,
      ...(backup === undefined ? {} : { backup }),
      prerequisites: [...(planned.egress ?? []), ...rules],
    });
    this.leaveInTurn(planned, group);
    this.registerOutputs({ securityGroupId: this.securityGroupId, access: this.access });
  }

  private oneAfterTheOther(brokers: readonly PlannedBroker[], parts: ClusterParts): EmqxCluster['brokers'] {
    const made: (PlannedBroker & { host: Host })[] = [];
    const turns = new Turns();
    for (const broker of brokers) {
      const host = brokerHost(broker, parts, made.at(-1)?.host, turns.of(broker.name), this);
      made.push({ ...broker, host });
    }
    const nodeNames = new Map(made.map(({ host, nodeName }) => [host, nodeName]));
    turns.taken(
      made.map(({ host }) => host),
      parts.args.after ?? [],
      (host) => ['broker.spare', nodeNames.get(host) ?? ''],
      this,
    );
    return made;
  }

  /** The last one first; a cluster that goes as a whole moves no clients. */
  private leaveInTurn({ plan, leaveBefore = [] }: PlannedClusterArgs, group: pulumi.Resource): void {
    const { seconds } = drainPace(plan.listeners, plan.brokers.length);
    const nodeNames = new Map(this.brokers.map(({ host, nodeName }) => [host, nodeName]));
    haveLeave(
      this.brokers.map(({ host }) => host),
      {
        leave: ['broker.leave', '--timeout', String(seconds)],
        leaveSeconds: seconds + leaveAndStopSeconds,
        without: (host) => ['broker.without', nodeNames.get(host) ?? ''],
        before: leaveBefore,
        unlessGone: group,
      },
    );
  }
}

/** For leaving the cluster and the stop of EMQX: the limits that host/broker/leave.py has for them, and some more. */
const leaveAndStopSeconds = 400;

function planAlone(name: string, args: EmqxClusterArgs): PlannedClusterArgs {
  const problems = new Problems();
  const { proxyProtocol = true } = args;
  const listeners = planListeners(args.listeners, problems, { proxyProtocol });
  const plan = planCluster(args, { subnets: args.subnets, listeners, proxyProtocol }, problems);
  if (opensTlsPorts(plan.encryption) && args.hostCertificates === undefined)
    problems.add(
      'hostCertificates',
      `is missing, and emqx.encryption is ${plan.encryption}; give both or none`,
    );
  problems.throwIfAny(`EmqxCluster ${name}`);
  return { ...args, plan };
}
