import type { HostFile } from './fileSet';
import { renderFileSet } from './fileSet';
import { programFolder } from './programs';

/** The last line of a set on its way: a connection that breaks ends the text too. */
const end = '=== end';

/** A line of shell that writes the programs of the set in a file into a folder; both are given as shell words. */
export function unpackPrograms(set: string, folder: string): string {
  const path = `index($2, "${programFolder}/") == 1 ? folder substr($2, ${programFolder.length + 1}) : ""`;
  const itsFolder = 'd = f; sub("/[^/]*$", "", d); if (!made[d]++) system("mkdir -p " d)';
  return `awk -v folder=${folder} '/^=== \\// { f = ${path}; if (f) { ${itsFolder} } next } f { print >f }' ${set}`;
}

const beforehand = [
  'set -eu',
  // In memory, since a disk may be full; root's, since root runs it.
  'own=$(sudo mktemp -d /run/emqx-haproxy-set-XXXXXX)',
  `trap 'sudo rm -rf "$own"' EXIT`,
];

/**
 * By the programs in the set: what a host was left with by another release, or by a run that ended half way, has no part
 * in it. Where it has the same ones, those are run, since Python has compiled them already.
 */
const applyGiven = [
  `sudo ${unpackPrograms('"$own/set"', '"$own/programs"')}`,
  'programs="$own/programs"',
  `sudo diff -qr -x __pycache__ "$programs" ${programFolder} >/dev/null 2>&1 && programs=${programFolder}`,
  'from=${SSH_CONNECTION:-}',
  'sudo /usr/bin/python3 "$programs/apply_config.py" --apart "$own/set" "$(id -un) from ${from%% *}"',
];

/** How long it may take: its checks, its services, and until the host is well. */
export const applyLimitMs = 300_000;

/** A command that applies the set on its standard input. */
export const applySet = [
  ...beforehand,
  'sudo tee "$own/set" >/dev/null',
  `if [ "$(sudo tail -n 1 "$own/set")" != '${end}' ]; then`,
  '  echo "refused, nothing was changed: the set came in part" >&2; exit 1',
  'fi',
  `sudo sed -i '$d' "$own/set"`,
  ...applyGiven,
].join('\n');

/**
 * Applies a set, named by its SHA-256, that a host has taken back since nobody confirmed it: the engine does not bring it
 * anew, since it has brought it. Does nothing where the set is in force, waits to be confirmed, or was never there.
 */
export function applyAgain(sha256: string): string {
  return [
    'kept=/var/lib/emqx-haproxy/taken-back.set',
    `sudo sha256sum "$kept" 2>/dev/null | grep -q '^${sha256} ' || exit 0`,
    ...beforehand,
    'sudo cp "$kept" "$own/set"',
    ...applyGiven,
  ].join('\n');
}

/**
 * Comes after `applySet` over a connection of its own: a change of the way in, or of hosts that change together, is taken
 * back by the host unless this is heard. Fails when the set, named by its SHA-256, is not in force; a former release's
 * program may be what is asked.
 */
export function confirmSet(hostname: string, sha256: string): string {
  const advice =
    'The former files are in force. Mend what is wrong, then run `up` again; where it fails in the same way with the same files, raise repairGeneration.';
  return [
    `sudo /usr/bin/python3 ${programFolder}/apply_config.py --confirm ${sha256} </dev/null || {`,
    `  echo "${hostname}: its new files were taken back, or another run came between. ${advice}" >&2; exit 1`,
    '}',
  ].join('\n');
}

/** What `applySet` is given: a set, and that it is whole. */
export function sentSet(files: readonly HostFile[]): string {
  return `${renderFileSet(files)}${end}\n`;
}
