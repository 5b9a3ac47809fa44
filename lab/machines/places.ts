import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { labHome, paths } from '../paths';

/** Where machines lie on this host; of two sets of machines all of it must differ. */
export interface MachinePlaces {
  /** A folder per machine: disk, root, seed, console. */
  readonly machines: string;
  /** A file per data volume. */
  readonly volumes: string;
  /** The name of the cgroup above those of the machines. */
  readonly cgroup: string;
}

/** The lab's own. The cgroup is named after the lab's folder, so that two checkouts do not end each other's. */
export const labPlaces: MachinePlaces = {
  machines: paths.machines,
  volumes: paths.volumes,
  cgroup: `ec2lab-${createHash('sha256').update(labHome).digest('hex').slice(0, 8)}`,
};

/** The files and folders of one machine. */
export function machineFiles(places: MachinePlaces, instanceId: string) {
  const folder = join(places.machines, instanceId);
  return {
    folder,
    /** The root volume; its file system holds the changes to the image. */
    diskFile: join(folder, 'disk.img'),
    disk: join(folder, 'disk'),
    root: join(folder, 'root'),
    seed: join(folder, 'seed'),
    console: join(folder, 'console.log'),
  };
}

export type MachineFiles = ReturnType<typeof machineFiles>;
