import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineSpec } from '../model';

/**
 * What EC2's metadata service would tell cloud-init, as files for its NoCloud source: in a container its Ec2 source
 * sees no EC2 firmware. The instance id decides, as there, whether a boot is the first.
 */
export async function writeSeed(folder: string, spec: MachineSpec): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'user-data'), spec.userData);
  await writeFile(join(folder, 'meta-data'), metaData(spec));
}

/** JSON is YAML too, and quotes every value. */
export function metaData(spec: Pick<MachineSpec, 'instanceId' | 'hostname' | 'publicKeys'>): string {
  return JSON.stringify({
    'instance-id': spec.instanceId,
    'local-hostname': spec.hostname,
    'public-keys': spec.publicKeys,
  });
}
