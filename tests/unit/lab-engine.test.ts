import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseApiFault } from '../../lab/commands/faults';
import { isFittingVersion } from '../../lab/engine/install';
import { installedVersion } from '../../lab/providers/sdkVersion';

describe('a fitting engine', () => {
  it.each(['v3.245.0', '3.245.0', 'v3.248.1', 'v3.300.0-alpha.1'])('%s', (version) => {
    expect(isFittingVersion(version)).toBe(true);
  });

  it.each(['v3.244.9', 'v2.999.0', 'v4.0.0', '', 'command not found'])('not %j', (version) => {
    expect(isFittingVersion(version)).toBe(false);
  });
});

describe('the words of an API fault', () => {
  it('become what the region takes', () => {
    expect(parseApiFault(['throttle', '--action', 'AssociateAddress', '--for', '30'])).toEqual({
      kind: 'throttle',
      action: 'AssociateAddress',
      forSeconds: 30,
      callers: 'instances',
    });
    expect(parseApiFault(['delay', '1500', '--callers', 'all'])).toEqual({
      kind: 'delay',
      delayMs: 1500,
      callers: 'all',
    });
    expect(parseApiFault(['skew', '-600'])).toEqual({ kind: 'skew', seconds: -600, callers: 'instances' });
  });

  it.each([
    [['delay'], 'delay takes a whole number, and not nothing'],
    [['delay', 'long'], 'delay takes a whole number, and not long'],
    [['hang', '5'], 'hang takes no value, and 5 was given'],
    [['explode'], 'an API fault is throttle, error, delay MS, lag MS, hang or skew SECONDS, and not explode'],
    [['hang', '--callers', 'me'], '--callers is all or instances, and not me'],
  ])('%j is refused', (words, message) => {
    expect(() => parseApiFault(words)).toThrow(message);
  });
});

describe('the version of a provider', () => {
  it('is that of the SDK which the program has, and there is none without an SDK', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lab-sdk-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const sdk = join(folder, 'node_modules', '@pulumi', 'aws');
    mkdirSync(sdk, { recursive: true });
    writeFileSync(join(sdk, 'package.json'), JSON.stringify({ version: '7.1.2' }));
    mkdirSync(join(folder, 'infra'));
    expect(installedVersion('@pulumi/aws', join(folder, 'infra'))).toBe('7.1.2');
    expect(installedVersion('@pulumi/tls', folder)).toBeUndefined();
  });
});
