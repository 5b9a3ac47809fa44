import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version of the installed SDK, which is also the version that a stand-in for its plugin has to report. */
export function sdkVersion(packageName: string): string {
  const manifest: unknown = JSON.parse(readFileSync(require.resolve(`${packageName}/package.json`), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}
