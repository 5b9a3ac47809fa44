import * as aws from '@pulumi/aws';
import type { PlatformPlan } from '../components';
import type { Problems } from '../components/rendering/problems';
import type { Configuration } from './configuration';

/** Asks EC2 for images of the user's, and refuses what an instance could not be launched from. */
export async function checkImages(
  plan: PlatformPlan,
  configuration: Configuration,
  problems: Problems,
): Promise<void> {
  await Promise.all([
    checkImage('haproxy', configuration.haproxy?.imageId, plan.pair.machine, problems),
    checkImage('emqx', configuration.emqx?.imageId, plan.cluster.machine, problems),
  ]);
}

async function checkImage(
  path: 'haproxy' | 'emqx',
  imageId: string | undefined,
  { architecture, rootVolumeGib }: PlatformPlan['pair']['machine'],
  problems: Problems,
): Promise<void> {
  if (imageId === undefined) return;
  const filters = [{ name: 'image-id', values: [imageId] }];
  const image = await aws.ec2.getAmi({ filters, includeDeprecated: true }).catch(() => undefined);
  if (image === undefined) {
    problems.add(
      `${path}.imageId`,
      `is ${imageId}, which this account has not in this region; give an image of the region that is shared with the account`,
    );
    return;
  }
  const processors = architecture === 'amd64' ? 'x86_64' : architecture;
  if (image.architecture !== processors)
    problems.add(
      `${path}.imageId`,
      `is ${imageId} for ${image.architecture}, and ${path}.architecture is ${architecture}; give an image and an architecture that fit`,
    );
  const root = image.blockDeviceMappings.find(({ deviceName }) => deviceName === image.rootDeviceName);
  const size = Number(root?.ebs['volume_size'] ?? 0);
  if (size > rootVolumeGib)
    problems.add(
      `${path}.rootVolumeGib`,
      `is ${rootVolumeGib}, and ${path}.imageId ${imageId} has a root disk of ${size} GiB; give at least as much`,
    );
}
