import type { types } from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import { createHash } from 'node:crypto';
import type { Tags } from '../rendering/naming';
import { tagged, typeToken } from '../rendering/naming';
import { applyAgain, applyLimitMs } from './applySet';
import type { DataVolumeArgs } from './dataVolume';
import { attach, dataVolume } from './dataVolume';
import type { HostFile, SecretView } from './fileSet';
import { renderFileSet } from './fileSet';
import { accountOf } from './account';
import type { InstanceArgs } from './instance';
import { bootInstance } from './instance';
import type { LeavingHost } from './leaving';
import { imageOf, machineOf, typeOf } from './machines';
import type { InterfaceArgs } from './networkInterface';
import { hostAddress, hostInterface } from './networkInterface';
import { operatingSystems } from './operatingSystems';
import type { PolicyStatement } from './role';
import { hostRole } from './role';
import type { HostSecret } from './secrets';
import { hostSecret } from './secrets';
import type { SshLogin, SshTarget } from './ssh';
import { connectionTo } from './ssh';
import type { TurnHost } from './turns';
import { runningNow } from './turns';
import type { ReachedHost, UpkeepArgs, UpToDate } from './upkeep';
import { becomeReady, keepUpToDate } from './upkeep';
import { changeLimits } from './wayIn';
import { wayInHooks } from './wayInHook';

/** What AWS knows once the parts of a host exist that come before its instance. */
export interface HostFacts {
  /** Its network interface's id. */
  readonly interfaceId: string;
  /** Its data volume's id, where it has one. */
  readonly dataVolumeId?: string;
  /** Where the host finds its own SSH key. */
  readonly hostKey: SecretView;
}

/** Arguments of a Host. */
export interface HostArgs extends InstanceArgs, InterfaceArgs, DataVolumeArgs, UpkeepArgs {
  /** The platform that the host belongs to, for its tags. */
  platform: string;
  /** True gives it an Elastic IP of its own, on the primary address. @default false */
  publicAddress?: boolean;
  /** The role tag on its interface and instance. @default none */
  role?: string;
  /** What its role may do beyond reading its secrets. @default nothing */
  statements?: pulumi.Output<readonly PolicyStatement[]>;
  /** Secrets that it fetches, beside its own SSH key. */
  secrets: readonly HostSecret[];
  /** How it is reached; undefined: on its own Elastic IP. */
  reachedBy?: SshTarget;
  /** Its files, from what only AWS knows. */
  files: (facts: pulumi.Output<HostFacts>) => pulumi.Output<readonly HostFile[]>;
  /** What must exist before it boots: routes, NAT. */
  egress: readonly pulumi.Resource[];
  /** What its instance waits for before it is replaced. @default nothing */
  turn?: pulumi.Output<readonly pulumi.Resource[]>;
  /** Keeps what outlives instances (interface, addresses, volume, secret) from being deleted by mistake. @default false */
  protect?: boolean;
  /** Tags on everything that can carry them. @default none */
  tags?: Tags;
}

/**
 * One EC2 host: an interface with a planned address, an instance on it, its role, SSH host key, disks, and its files.
 * The instance is never replaced for user data or a newer image; files reach a running host over SSH.
 */
export class Host extends pulumi.ComponentResource implements TurnHost, LeavingHost, ReachedHost, UpToDate {
  /** The name that its resources begin with. */
  readonly name: string;
  /** What it calls itself, such as `haproxy-1`. */
  readonly hostname: string;
  /** Its instance's, another one once that is replaced. */
  readonly instanceId: pulumi.Output<string>;
  /** Its network interface's, which a replacement takes over. */
  readonly interfaceId: pulumi.Output<string>;
  /** Where it is reached inside the VPC; planned, and so known before anything is made. */
  readonly privateAddress: string;
  /** The name of its IAM role, for policies of yours, such as that of an agent in your image. */
  readonly roleName: pulumi.Output<string>;
  /** The host's own Elastic IP, where it has one. */
  readonly publicAddress: pulumi.Output<string> | undefined;
  /** The pinned SSH host key. */
  readonly hostKey: pulumi.Output<string>;
  /** SHA-256 of the file set that should be on the host. */
  readonly fileSetHash: pulumi.Output<string>;
  /** Done when the host has booted, is healthy, and has today's files and secrets. */
  readonly settled: pulumi.Resource;
  /** Done when it has its files for good. */
  readonly confirmed: pulumi.Resource;
  /** Done when it is well with today's files; where others change with it, they are still to be confirmed. */
  readonly inForce: pulumi.Resource;
  /** Done when it has booted and is healthy. */
  readonly ready: pulumi.Resource;
  /** Whether EC2 runs its instance as `pulumi up` begins. */
  readonly isRunning: pulumi.Output<boolean>;
  /** Values that replace the instance when one of them changes. */
  readonly replacedBy: readonly pulumi.Input<string | number>[];
  /** How it is reached over SSH. */
  readonly sshTarget: SshTarget;
  /** The same, as a Command's connection. */
  readonly connection: types.input.remote.ConnectionArgs;
  /** Checks that way before a Command runs on it. */
  readonly wayIn: pulumi.ResourceHookBinding;
  /** The same, and puts today's files into force again where the host has taken them back. */
  readonly wayInWithFiles: pulumi.ResourceHookBinding;
  /** The same before its neighbour's turn is asked for: no turn waits for another. */
  readonly wayInNow: pulumi.ResourceHookBinding;
  /** Who logs in to it. */
  readonly login: SshLogin;

  constructor(name: string, args: HostArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('Host'), name, {}, opts);
    const protect = args.protect ?? false;
    const tags = tagged(args.platform, name, args.tags, args.role);
    const kept = { parent: this, protect };

    const networkInterface = hostInterface(name, args, tags, kept);
    const publicAddress =
      args.publicAddress === true
        ? hostAddress(name, args, networkInterface, tags, kept, args.egress)
        : undefined;
    const key = new tls.PrivateKey(`${name}-host-key`, { algorithm: 'ED25519' }, { parent: this });
    const keySecret = hostSecret(
      `${name}-ssh`,
      { hostKey: key.privateKeyOpenssh },
      { ...accountOf(args), tags, protect, parent: this },
    );
    const secrets = [keySecret, ...args.secrets];
    const { role, profile, policy } = hostRole(
      name,
      [...secrets, ...args.programs].map(({ arn }) => arn),
      args.statements ?? pulumi.output([]),
      accountOf(args),
      tags,
      this,
    );
    const volume = dataVolume(name, args, tags, kept);

    const facts = pulumi
      .all([networkInterface.id, keySecret.arn, volume?.id])
      .apply(([interfaceId, keyArn, dataVolumeId]) => ({
        interfaceId,
        hostKey: hostKeyFile(keyArn),
        ...(dataVolumeId === undefined ? {} : { dataVolumeId }),
      }));
    const files = args.files(facts);
    const { operatingSystem } = machineOf(args);
    const turn = args.turn ?? pulumi.output<readonly pulumi.Resource[]>([]);
    const before = [
      policy,
      ...[...secrets, ...args.programs].map(({ version }) => version),
      ...args.egress,
      ...(publicAddress === undefined ? [] : [publicAddress]),
    ];
    const instance = bootInstance(
      name,
      args,
      { networkInterface, profile, files, tags },
      this,
      turn.apply((its) => [...before, ...its]),
    );
    const attached = attach(name, volume, instance, this);

    this.name = name;
    this.hostname = args.hostname;
    const runningId = runningNow(args.platform, name, this);
    this.isRunning = runningId.apply((id) => id !== undefined);
    this.replacedBy = [...imageOf(args), typeOf(args)];
    this.instanceId = instance.id;
    this.interfaceId = networkInterface.id;
    this.roleName = role.name;
    this.privateAddress = args.address;
    this.publicAddress = publicAddress?.publicIp;
    this.hostKey = key.publicKeyOpenssh.apply((line) => line.trim());
    this.fileSetHash = files.apply((all) => createHash('sha256').update(renderFileSet(all)).digest('hex'));
    this.sshTarget = args.reachedBy ?? { address: publicAddress?.publicIp ?? args.address };
    this.login = {
      user: operatingSystems[operatingSystem].loginUser,
      privateKey: args.login.privateKey,
      hostKey: this.hostKey,
    };
    this.connection = connectionTo(this.sshTarget, this.login);
    const host = { hostname: args.hostname, instanceId: instance.id };
    this.wayIn = wayInHooks(host, this.sshTarget, this.login, changeLimits);
    const hostNow = { ...host, instanceId: runningId.apply((id) => id ?? 'ID') };
    this.wayInNow = wayInHooks(hostNow, this.sshTarget, this.login, changeLimits);
    const again = this.fileSetHash.apply((sha256) => ({
      command: applyAgain(sha256),
      withinMs: applyLimitMs,
      failed: `${args.hostname} had taken its new files back, and does not do with them`,
    }));
    this.wayInWithFiles = wayInHooks(host, this.sshTarget, this.login, changeLimits, again);
    this.ready = becomeReady(name, this, instance, attached, this);
    const { inForce, confirmed, settled } = keepUpToDate(
      name,
      this,
      args,
      { instance, files, secrets },
      this,
    );
    this.inForce = inForce;
    this.confirmed = confirmed;
    this.settled = settled;
    this.registerOutputs({ instanceId: this.instanceId, interfaceId: this.interfaceId });
  }
}

function hostKeyFile(arn: string): SecretView {
  return {
    arn,
    file: '/etc/ssh/ssh_host_ed25519_key',
    mode: '0600',
    owner: 'root:root',
    change: { kind: 'restart', unit: 'ssh' },
    content: { kind: 'value', field: 'hostKey' },
  };
}
