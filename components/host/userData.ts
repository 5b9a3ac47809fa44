import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { render } from '../rendering/template';
import { unpackPrograms } from './applySet';
import type { HostFile } from './fileSet';
import { renderFileSet } from './fileSet';
import type { OperatingSystem } from './operatingSystems';
import { fetchedPrograms, inUserData, programFolder } from './programs';

/** What a host boots with. */
export interface HostUserData {
  readonly hostname: string;
  readonly operatingSystem: OperatingSystem;
  /** Debian packages; `name=version` pins. Installed where the image has them not, then held. */
  readonly packages: readonly string[];
  readonly aptRepositories: readonly {
    readonly name: string;
    readonly url: string;
    readonly keyUrl: string;
    readonly suite: string;
    readonly component: string;
  }[];
  /** The host's whole file set; the host's programs are in it. */
  readonly files: readonly HostFile[];
  /** The Secrets Manager secrets whose fields `files` are, one after the other, `packedPrograms` of the set. */
  readonly programsArns: readonly string[];
}

/** EC2's limit, before base64. */
const largestUserDataBytes = 16_384;

export interface UserData {
  /** A #cloud-config document. */
  readonly text: string;
  /** The same, as it travels; equal text gives equal bytes on every machine. */
  readonly gzipped: Buffer;
}

/**
 * What a host boots with: its packages and its file set, but for the programs that it fetches with its role. No secret
 * is in it.
 */
export function userData(view: HostUserData): UserData {
  const lines = renderFileSet(view.files.filter(inUserData)).split('\n').slice(0, -1);
  const text = render('host/user-data', {
    hostname: view.hostname,
    packages: view.packages.map(packageView),
    repositories: view.aptRepositories.map(({ name, url, keyUrl, suite, component }) => {
      if (!keyUrl.startsWith('https://')) {
        throw new Error(
          `aptRepositories.${name}: keyUrl is ${JSON.stringify(keyUrl)}; allowed: an https:// URL`,
        );
      }
      return { name, url, keyUrl, suite, component };
    }),
    programFolder,
    unpackPrograms: unpackPrograms('/var/lib/emqx-haproxy/boot.set', programFolder),
    programs: { arns: view.programsArns.join(','), sha256: sha256(fetchedPrograms(view.files)) },
    lines,
  });
  const gzipped = gzip(text);
  if (gzipped.length > largestUserDataBytes) throw new Error(tooLarge(view, gzipped.length));
  return { text, gzipped };
}

function packageView(text: string) {
  const [name = '', version = ''] = text.split('=');
  return { name, version, pinned: version !== '' };
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function gzip(text: string): Buffer {
  const bytes = gzipSync(text, { level: 9 });
  // The header names the operating system that packed it: 255 is "unknown".
  bytes[9] = 255;
  return bytes;
}

function tooLarge(view: HostUserData, bytes: number): string {
  const sizes = view.files
    .filter(inUserData)
    .map((file) => ({ path: file.path, bytes: gzipSync(file.content, { level: 9 }).length }))
    .sort((a, b) => b.bytes - a.bytes)
    .map((file) => `  ${String(file.bytes).padStart(6)}  ${file.path}`);
  return [
    `the user data of ${view.hostname} is ${bytes} bytes gzipped; EC2 allows ${largestUserDataBytes}.`,
    'Shorten the largest files (for example the certificate chain, the client CA or the CRL); each alone, gzipped:',
    ...sizes,
  ].join('\n');
}
