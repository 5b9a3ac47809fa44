import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Gives the folder of what the region serves under a name of the world outside; undefined for all other names. */
export type PackageHosts = (name: string) => string | undefined;

/** The hosts that have a folder of their name in this one, looked up anew each time: `up` may have added one. */
export function packageHostsIn(folder: string): PackageHosts {
  return (name) => {
    const hosts = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
    return hosts.some((entry) => entry.isDirectory() && entry.name === name) ? join(folder, name) : undefined;
  };
}
