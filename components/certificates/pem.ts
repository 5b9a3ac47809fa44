const block = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+-----END \1-----(?:\r?\n|$)/g;

/** What the PEM blocks of a file may be. */
export type PemLabel = 'CERTIFICATE' | 'X509 CRL';

/**
 * PEM blocks of one label as a file's content. Anything else is refused: these files travel in user data, where a
 * private key must never be.
 */
export function pemFile(text: string, label: PemLabel, argument: string): string {
  const problem = pemProblem(text, label);
  if (problem !== undefined) throw new Error(`${argument}: ${problem}`);
  return pemBlocks(text).join('');
}

/** Why a text is not PEM blocks of one label; undefined when it is. */
export function pemProblem(text: string, label: PemLabel): string | undefined {
  const labels = [...text.matchAll(block)].map(([, found = '']) => found);
  const other = labels.find((found) => found !== label);
  if (other !== undefined) return `holds a ${other}; allowed: PEM blocks of ${label} only`;
  if (labels.length === 0 || text.replaceAll(block, '').trim() !== '')
    return `is not PEM; allowed: one or more blocks of ${label} (-----BEGIN ${label}-----) and nothing else`;
  return undefined;
}

/** The blocks one by one, each with its newline. */
export function pemBlocks(text: string): readonly string[] {
  return [...text.matchAll(block)].map(([found]) => `${found.trimEnd().replaceAll('\r\n', '\n')}\n`);
}
