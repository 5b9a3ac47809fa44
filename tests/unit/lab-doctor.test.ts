import { describe, expect, it } from 'vitest';
import { enough, formatFindings, nodeFits } from '../../lab/commands/doctor';

describe('the doctor', () => {
  it('refuses a Node that is too old, with what is needed', () => {
    expect(nodeFits('20.9.0')).toBe('20.9.0');
    expect(() => nodeFits('18.20.0')).toThrow('this is Node 18.20.0; 20 or newer is needed');
  });

  it('says how much there is and how much is needed', () => {
    expect(enough('memory', 7.9, 6)).toBe('7 GiB');
    expect(() => enough('memory', 3.75, 6)).toThrow('3.8 GiB of memory; 6 GiB are needed');
  });

  it('tells all that is lacking at once, and what the lab sees to by itself', () => {
    const told = formatFindings([
      { what: 'Node', state: 'ok', told: '20.9.0' },
      { what: 'disk', state: 'lacking', told: '3.0 GiB of disk; 12 GiB are needed' },
      { what: 'engine', state: 'lacking', told: 'none\nmend it' },
      { what: 'Debian packages', state: 'later', told: '`up` will install conntrack' },
    ]);
    expect(told).toContain('ok    Node');
    expect(told).toContain('NO    disk             3.0 GiB of disk; 12 GiB are needed');
    expect(told).toContain('none\n      mend it');
    expect(told).toContain('then  Debian packages  `up` will install conntrack');
    expect(told).toContain('2 of 4 are lacking; nothing was changed.');
  });
});
