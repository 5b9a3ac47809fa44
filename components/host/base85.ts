/** In the order of their values. None needs an escape in JSON. */
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';

/** Bytes as Python's `base64.b85decode` reads them: five characters for four bytes, where base64 takes more than that. */
export function base85(bytes: Buffer): string {
  const padding = (4 - (bytes.length % 4)) % 4;
  const padded = Buffer.concat([bytes, Buffer.alloc(padding)]);
  let text = '';
  for (let at = 0; at < padded.length; at += 4) text += fiveDigits(padded.readUInt32BE(at));
  return text.slice(0, text.length - padding);
}

function fiveDigits(word: number): string {
  let text = '';
  for (let rest = word, place = 0; place < 5; place++, rest = Math.floor(rest / 85))
    text = digits.charAt(rest % 85) + text;
  return text;
}
