import { describe, expect, it } from 'vitest';
import { renderHocon } from '../../components/brokers/hocon';
import { accessSecrets } from '../../components/brokers/secrets';

describe('HOCON', () => {
  it('has a line for each setting, so that a change is one in a diff', () => {
    expect(renderHocon({ a: 1, b: { c: true, d: ['x', 'y'] }, e: [{ f: null }] })).toBe(
      [
        'a = 1',
        'b {',
        '  c = true',
        '  d = ["x", "y"]',
        '}',
        'e = [',
        '  {',
        '    f = null',
        '  }',
        ']',
        '',
      ].join('\n'),
    );
  });

  it('quotes what would be read as something else', () => {
    expect(renderHocon({ 'x-api.key': 'a"b\\c\nd', $: '${username}' })).toBe(
      '"x-api.key" = "a\\"b\\\\c\\nd"\n"$" = "${username}"\n',
    );
  });

  it('quotes keys that are no words of it, or words with a meaning', () => {
    expect(renderHocon({ _a: 1, '1': 2, true: 3, include: 4, included: 5 })).toBe(
      '"1" = 2\n"_a" = 1\n"true" = 3\n"include" = 4\nincluded = 5\n',
    );
  });

  it('leaves a text that ends with a backslash alone on its line', () => {
    expect(renderHocon({ a: ['b\\', 'c'], d: ['e', 'f'] })).toBe(
      'a = [\n  "b\\\\",\n  "c"\n]\nd = ["e", "f"]\n',
    );
  });

  it('refuses what has no escape there', () => {
    for (const text of ['b\u0000', 'b\u2028c'])
      expect(() => renderHocon({ a: text })).toThrow('control characters');
  });
});

describe('the secrets of the chain', () => {
  it('lie over its elements, counted from 1', () => {
    const text = accessSecrets(
      [
        { path: ['authentication', '2', 'headers', 'x-key'], text: 'k' },
        { path: ['authentication', '2', 'headers', 'y'], text: 'l' },
        { path: ['authentication', '3', 'password'], text: 'p' },
      ],
      'dashboard',
      [],
    );
    expect(text).toContain('default_password = "dashboard"');
    expect(text).toContain(
      '"2" {\n    headers {\n      x-key = "k"\n      y = "l"\n    }\n  }\n  "3" {\n    password = "p"',
    );
  });

  it('are no key at all where the chain has none, which would empty it', () => {
    expect(accessSecrets([], 'dashboard', [])).not.toContain('authentication');
  });
});
