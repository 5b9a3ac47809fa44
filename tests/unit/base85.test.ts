import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base85 } from '../../components/host/base85';

/** What Python makes of lines of it, each as hexadecimal digits. */
function decoded(lines: readonly string[]): readonly string[] {
  const script =
    'import base64, sys\nfor line in sys.stdin: print(base64.b85decode(line.rstrip("\\n")).hex())';
  return execFileSync('python3', ['-c', script], { input: `${lines.join('\n')}\n`, encoding: 'utf8' }).split(
    '\n',
  );
}

describe('base85', () => {
  it('is read back by Python, whatever the bytes and their number', () => {
    const samples = fc
      .sample(fc.uint8Array({ minLength: 1, maxLength: 40 }), 300)
      .map((it) => Buffer.from(it));
    const all = [...samples, Buffer.alloc(9), Buffer.alloc(7, 255)];
    const back = decoded(all.map(base85));
    all.forEach((bytes, index) => expect(back[index]).toBe(bytes.toString('hex')));
  });

  it('is a JSON string as long as itself', () => {
    const text = base85(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 73) % 256)));
    expect(JSON.stringify(text).length).toBe(text.length + 2);
  });
});
