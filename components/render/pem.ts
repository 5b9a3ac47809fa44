const block = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+-----END \1-----(?:\r?\n|$)/g;

/**
 * PEM blocks of one label as a file's content. Anything else is refused: these files travel in user data, where a
 * private key must never be.
 */
export function pemFile(text: string, label: 'CERTIFICATE' | 'X509 CRL', argument: string): string {
  const blocks = [...text.matchAll(block)];
  const other = blocks.find((match) => match[1] !== label)?.[1];
  if (other !== undefined)
    throw new Error(`${argument}: holds a ${other}; allowed: PEM blocks of ${label} only`);
  if (blocks.length === 0 || text.replaceAll(block, '').trim() !== '') {
    throw new Error(`${argument}: is not PEM; allowed: one or more blocks of ${label} and nothing else`);
  }
  return blocks.map((match) => `${match[0].trimEnd().replaceAll('\r\n', '\n')}\n`).join('');
}
