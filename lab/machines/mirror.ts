import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Mirror {
  readonly url: string;
  /** The keyring that the host checks this mirror with, when it is a file. */
  readonly keyring?: string;
}

const sourcesFolder = '/etc/apt/sources.list.d';

/**
 * The Debian mirror that this host itself installs from; LAB_DEBIAN_MIRROR names another. A mirror that is near is
 * known to the host's owner only, so the project names none.
 */
export function hostMirror(): Mirror {
  const chosen = process.env['LAB_DEBIAN_MIRROR'];
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  if (chosen !== undefined) return { url: chosen, ...(existsSync(keyring) ? { keyring } : {}) };
  const mirror = sourcesFiles().flatMap(parseSources).find(isDebianArchive);
  if (mirror === undefined) {
    throw new Error(
      "lab: no Debian mirror among this host's apt sources; set LAB_DEBIAN_MIRROR to the URL of one (a folder with dists/)",
    );
  }
  return mirror;
}

interface SourcesFile {
  readonly name: string;
  readonly text: string;
}

function sourcesFiles(): SourcesFile[] {
  const folder = existsSync(sourcesFolder) ? readdirSync(sourcesFolder).sort() : [];
  return ['/etc/apt/sources.list', ...folder.map((name) => join(sourcesFolder, name))]
    .filter((name) => /\.(list|sources)$/.test(name) && existsSync(name))
    .map((name) => ({ name, text: readFileSync(name, 'utf8') }));
}

/** The archives that a sources file names, in either of apt's formats. */
export function parseSources(file: SourcesFile): Mirror[] {
  const lines = file.text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  return file.name.endsWith('.sources') ? parseStanzas(lines.join('\n')) : lines.flatMap(parseLine);
}

function parseStanzas(text: string): Mirror[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(\\S.*)$`, 'im').exec(stanza)?.[1]?.trim();
    if (field('Enabled') === 'no') return [];
    const keyring = field('Signed-By');
    return (field('URIs') ?? '')
      .split(/\s+/)
      .filter((url) => url !== '')
      .map((url) => mirrorAt(url, keyring));
  });
}

function parseLine(line: string): Mirror[] {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s/.exec(line);
  const url = match?.[2];
  if (url === undefined) return [];
  return [mirrorAt(url, /signed-by=(\S+)/.exec(match?.[1] ?? '')?.[1])];
}

function mirrorAt(url: string, keyring: string | undefined): Mirror {
  const isFile = keyring?.startsWith('/') === true && !keyring.includes(' ');
  return { url: url.replace(/\/+$/, ''), ...(isFile ? { keyring } : {}) };
}

/** The main archive: not security updates, which lie beside it, and not somebody else's packages. */
function isDebianArchive(mirror: Mirror): boolean {
  return /^https?:\/\/.*\/debian$/.test(mirror.url);
}
