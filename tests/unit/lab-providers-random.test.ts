import { describe, expect, it } from 'vitest';
import { randomProvider as provider } from '../../lab/providers/random/provider';
import { unknownValue } from '../../lab/providers/values';
import { created, operation, text, urnOf } from './lab-providers-operations';

const passwordType = 'random:index/randomPassword:RandomPassword';

describe('random values', () => {
  it('a password has what it must have, and is secret', async () => {
    const inputs = { length: 20, minUpper: 3, minNumeric: 4, special: false };
    for (let round = 0; round < 50; round += 1) {
      const { values, secretNames } = await created(provider, passwordType, inputs);
      const result = text(values, 'result');
      expect(result).toMatch(/^[A-Za-z0-9]{20}$/);
      expect(result.replace(/[^A-Z]/g, '').length).toBeGreaterThanOrEqual(3);
      expect(result.replace(/[^0-9]/g, '').length).toBeGreaterThanOrEqual(4);
      expect([...secretNames]).toEqual(['result']);
    }
  });

  it('a password has the old name of numeric in its state', async () => {
    const type = 'random:index/randomPassword:RandomPassword';
    const { values } = await created(provider, type, { length: 8, numeric: false });
    expect(values).toMatchObject({ numeric: false, number: false });
  });

  it('a password takes its special characters from those given', async () => {
    const only = { length: 30, upper: false, lower: false, numeric: false, overrideSpecial: '_-' };
    expect(text((await created(provider, passwordType, only)).values, 'result')).toMatch(/^[_-]{30}$/);
  });

  it('an id is the same number in each of its forms', async () => {
    const { values, id } = await created(provider, 'random:index/randomId:RandomId', {
      byteLength: 6,
      prefix: 'p-',
    });
    const hex = text(values, 'hex').slice(2);
    expect(BigInt(`0x${hex}`).toString()).toBe(text(values, 'dec').slice(2));
    expect(Buffer.from(id, 'base64url').toString('hex')).toBe(hex);
  });

  it('an integer keeps to its range, both ends included', async () => {
    const seen = new Set<unknown>();
    for (let round = 0; round < 100; round += 1) {
      seen.add(
        (await created(provider, 'random:index/randomInteger:RandomInteger', { min: 1, max: 3 })).values[
          'result'
        ],
      );
    }
    expect([...seen].sort()).toEqual([1, 2, 3]);
  });

  it('any changed input replaces, and an unchanged one keeps the value', async () => {
    const inputs = { length: 8, keepers: { version: '1' } };
    const { id, outs } = await created(provider, passwordType, inputs);
    const diff = (news: object) =>
      provider.diff(id, urnOf(passwordType), outs, { ...inputs, ...news }, inputs);
    expect(await diff({})).toMatchObject({ changes: false });
    expect(await diff({ keepers: { version: '2' } })).toMatchObject({ changes: true, replaces: ['keepers'] });
  });

  it('what cannot be made is refused with the reason, and what is not known yet is not', async () => {
    const check = (news: Record<string, unknown>) => provider.check(urnOf(passwordType), {}, news);
    expect((await check({ length: 3, minUpper: 4 })).failures).toEqual([
      { property: 'length', reason: 'is 3, but the min* inputs ask for 4 characters' },
    ]);
    expect((await check({ length: unknownValue })).failures ?? []).toEqual([]);
  });

  it('a preview makes nothing up', async () => {
    const { outs } = await provider.create(urnOf(passwordType), { length: 8 }, operation({ preview: true }));
    expect(JSON.stringify(outs['result'])).toContain(unknownValue);
  });
});
