import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileChange, HostFile } from './model';
import { packageRoot } from './packageRoot';

/** Where a host's programs lie. */
export const programFolder = '/usr/local/lib/emqx-haproxy';

/** One of host/*.py as a file of the set; `change` is what has to be told of a new version. */
export function program(name: string, change: FileChange): HostFile {
  return {
    path: `${programFolder}/${name}.py`,
    content: readFileSync(join(packageRoot, 'host', `${name}.py`), 'utf8'),
    mode: '0644',
    owner: 'root:root',
    change,
  };
}
