import * as aws from '@pulumi/aws';
import { platformTag, roleTag } from '../components/naming';

/**
 * Who holds the virtual IP at this moment, by name: a fact of EC2, not of Pulumi's state, asked anew for each run so
 * that changes reach the standby first. Undefined while nobody holds it.
 */
export async function activeBalancer(platform: string): Promise<string | undefined> {
  const tags = { [platformTag]: platform, [roleTag]: 'virtual-ip' };
  const { allocationIds } = await aws.ec2.getEips({ tags });
  for (const id of allocationIds) {
    const { instanceId, tags: addressTags } = await aws.ec2.getElasticIp({ id });
    if (instanceId === '' || addressTags['Name'] !== `${platform}-vip-address`) continue;
    const { tags: instanceTags } = await aws.ec2.getInstance({ instanceId });
    const name = instanceTags['Name'];
    if (name?.startsWith(`${platform}-`) === true) return name.slice(platform.length + 1);
  }
  return undefined;
}
