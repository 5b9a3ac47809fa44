import { programFolder } from './programs';

/** A line of shell that writes the programs of the set in a file into a folder; both are given as shell words. */
export function unpackPrograms(set: string, folder: string): string {
  const path = `index($2, "${programFolder}/") == 1 ? folder substr($2, ${programFolder.length + 1}) : ""`;
  const itsFolder = 'd = f; sub("/[^/]*$", "", d); system("mkdir -p " d)';
  return `awk -v folder=${folder} '/^=== \\// { f = ${path}; if (f) { ${itsFolder} } next } f { print >f }' ${set}`;
}

/**
 * A command that applies the set on its standard input by the programs in the set: what a host was left with by another
 * release, or by a run that ended half way, has no part in it.
 */
export const applySet = [
  'set -eu',
  'own=$(mktemp -d)',
  `trap 'sudo rm -rf "$own"' EXIT`,
  'cat >"$own/set"',
  unpackPrograms('"$own/set"', '"$own"'),
  'sudo /usr/bin/python3 "$own/apply_config.py" <"$own/set"',
].join('\n');
