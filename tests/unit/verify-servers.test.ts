import { describe, expect, it } from 'vitest';
import { answering } from '../../verify/serversCheck';

describe('servers that EMQX asks who may connect', () => {
  const away = JSON.stringify({ 'password_based:http': { 'emqx@10.0.0.2': 'disconnected' } });

  it('are told once when a broker does not reach them, whoever says so', () => {
    const answers = new Map([
      ['emqx-1', away],
      ['emqx-2', away],
    ]);
    expect(() => answering(answers)).toThrow(
      /that of password_based:http is disconnected for emqx@10\.0\.0\.2$/,
    );
  });

  it('are nothing to speak of when all are reached', () => {
    expect(answering(new Map([['emqx-1', '{}']]))).toBe('in the eyes of 1 brokers');
  });
});
