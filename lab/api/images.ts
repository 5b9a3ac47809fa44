import { createHash } from 'node:crypto';
import type { OperatingSystem } from '../model';
import { AwsError } from './awsError';

export interface Image {
  readonly imageId: string;
  /** The public SSM parameter that names it. */
  readonly parameter: string;
  readonly name: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly ownerId: string;
  readonly rootDevice: string;
  /** What the lab boots for it; nothing for images that exist but have no machine here. */
  readonly operatingSystem?: OperatingSystem;
}

export const images: readonly Image[] = [
  ...debian('12', 'bookworm', 'debian-12'),
  ...debian('13', 'trixie', 'debian-13'),
  ...ubuntu('22.04', 'jammy', 'ebs-gp2'),
  ...ubuntu('24.04', 'noble', 'ebs-gp3'),
];

/** The operating system that an instance of this image runs in the lab. */
export function bootable(imageId: string): Image & { readonly operatingSystem: OperatingSystem } {
  const image = images.find((each) => each.imageId === imageId);
  if (image === undefined) {
    throw new AwsError('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`);
  }
  const { operatingSystem } = image;
  if (operatingSystem !== undefined) return { ...image, operatingSystem };
  const message = `The lab has machines of Debian 12 and 13 on amd64, not of ${image.name}.`;
  throw new AwsError('Unsupported', `${message} Choose one of these, or run this stack on AWS.`);
}

function debian(release: string, codename: string, operatingSystem: OperatingSystem): Image[] {
  return (['amd64', 'arm64'] as const).map((architecture) => {
    const parameter = `/aws/service/debian/release/${release}/latest/${architecture}`;
    return {
      imageId: imageIdOf(parameter),
      parameter,
      name: `debian-${release}-${architecture}-lab (${codename})`,
      architecture: architecture === 'amd64' ? 'x86_64' : architecture,
      ownerId: '136693071363',
      rootDevice: '/dev/xvda',
      ...(architecture === 'amd64' ? { operatingSystem } : {}),
    };
  });
}

function ubuntu(release: string, codename: string, storage: string): Image[] {
  return (['amd64', 'arm64'] as const).map((architecture) => {
    const path = `/aws/service/canonical/ubuntu/server/${release}/stable/current`;
    const parameter = `${path}/${architecture}/hvm/${storage}/ami-id`;
    return {
      imageId: imageIdOf(parameter),
      parameter,
      name: `ubuntu-${codename}-${release}-${architecture}-server-lab`,
      architecture: architecture === 'amd64' ? 'x86_64' : architecture,
      ownerId: '099720109477',
      rootDevice: '/dev/sda1',
    };
  });
}

/** The same in every lab, so that a stack's state stays true over a rebuilt one. */
function imageIdOf(parameter: string): string {
  return `ami-${createHash('sha256').update(parameter).digest('hex').slice(0, 17)}`;
}
