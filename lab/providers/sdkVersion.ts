import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version that a stand-in for the plugin of an SDK has to report: the engine starts it in the program's folder. */
export function sdkVersion(packageName: string): string {
  const version = installedVersion(packageName, process.cwd());
  if (version === undefined) throw new Error(`${packageName} is not installed for ${process.cwd()}`);
  return version;
}

/** The version of a package that a program in a folder has; undefined where it has none. */
export function installedVersion(packageName: string, folder: string): string | undefined {
  let file: string;
  try {
    file = require.resolve(`${packageName}/package.json`, { paths: [folder] });
  } catch {
    return undefined;
  }
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
