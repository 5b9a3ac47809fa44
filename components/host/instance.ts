import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';
import type { AccountArgs } from './account';
import { keyOf } from './account';
import type { HostFile } from './fileSet';
import type { MachineArgs } from './machines';
import { imageOf, machineOf, typeOf } from './machines';
import { operatingSystems } from './operatingSystems';
import type { HostSecret } from './secrets';
import type { HostUserData } from './userData';
import { userData } from './userData';

/** Of a host's arguments, those of its instance. */
export interface InstanceArgs extends MachineArgs, AccountArgs {
  /** The host's own name, for example `haproxy-1`. */
  hostname: string;
  /** What `programsSecrets` made for hosts of this role. */
  programs: readonly HostSecret[];
  /** The SSH key pair for logging in. */
  login: { readonly keyName: pulumi.Input<string>; readonly privateKey: pulumi.Input<string> };
  /** Packages and repositories for cloud-init. */
  software: Pick<HostUserData, 'packages' | 'aptRepositories'>;
}

/**
 * The instance of a host. What may change while it runs (image, user data, key of the disk) never replaces it; what its image
 * follows from and its type do.
 */
export function bootInstance(
  name: string,
  args: InstanceArgs,
  parts: {
    readonly networkInterface: aws.ec2.NetworkInterface;
    readonly profile: aws.iam.InstanceProfile;
    readonly files: pulumi.Output<readonly HostFile[]>;
    readonly tags: Tags;
  },
  parent: pulumi.Resource,
  dependsOn: pulumi.Output<pulumi.Resource[]>,
): aws.ec2.Instance {
  const { operatingSystem, rootVolumeGib } = machineOf(args);
  const { hostname, software } = args;
  return new aws.ec2.Instance(
    `${name}-instance`,
    {
      ami: args.imageId ?? newestImage(args, parent),
      instanceType: typeOf(args),
      primaryNetworkInterface: { networkInterfaceId: parts.networkInterface.id },
      iamInstanceProfile: parts.profile.name,
      keyName: args.login.keyName,
      metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
      rootBlockDevice: {
        encrypted: true,
        volumeSize: rootVolumeGib,
        volumeType: 'gp3',
        ...keyOf(args),
        ...(args.tagVolumesAtLaunch === true ? {} : { tags: parts.tags }),
      },
      // The data volume has the same tags, so that nothing is tagged to and fro.
      ...(args.tagVolumesAtLaunch === true ? { volumeTags: parts.tags } : {}),
      userDataBase64: pulumi
        .all([parts.files, pulumi.all(args.programs.map(({ arn }) => arn))])
        .apply(([files, programsArns]) =>
          userData({ hostname, operatingSystem, ...software, files, programsArns }).gzipped.toString(
            'base64',
          ),
        ),
      tags: parts.tags,
    },
    {
      parent,
      dependsOn,
      // The interface stays and can be on one instance only.
      deleteBeforeReplace: true,
      // EC2 reads the interface's source/destination check back as the instance's; its default would be written over it.
      ignoreChanges: ['ami', 'userDataBase64', 'sourceDestCheck', 'rootBlockDevice.kmsKeyId'],
      replacementTrigger: imageOf(args),
      // In place, the instance would be stopped under its clients, and nobody would wait for its start.
      replaceOnChanges: ['instanceType'],
    },
  );
}

function newestImage(args: MachineArgs, parent: pulumi.Resource): pulumi.Output<string> {
  const { operatingSystem, architecture } = machineOf(args);
  const image = aws.ssm.getParameterOutput(
    { name: operatingSystems[operatingSystem].imageParameter(architecture) },
    { parent },
  );
  // The SDK marks the whole answer secret for the sake of its `value`; an image's id is public.
  return pulumi.unsecret(image.insecureValue);
}
