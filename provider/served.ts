import { join } from 'node:path';
import { packageRoot } from '../components/rendering/packageRoot';

/** A file beside this one in the sources, also for the code that is built from them. */
export function servedFile(name: string): string {
  return join(packageRoot, 'provider', name);
}
