import { describe, expect, it } from 'vitest';
import type { ReleaseSurroundings } from '../../components/brokers/versions';
import { noteOnRelease, planRelease } from '../../components/brokers/versions';
import { Problems } from '../../components/rendering/problems';

const usual: ReleaseSurroundings = {
  operatingSystem: 'debian-13',
  brokerCount: 3,
  isLicensed: false,
  repository: {},
};

function plan(version: string, changes: Partial<ReleaseSurroundings> = {}) {
  const problems = new Problems();
  const release = planRelease(version, { ...usual, ...changes }, 'emqx', problems);
  return { release, told: problems.all.map(({ path, reason }) => `${path} ${reason}`).join('\n') };
}

describe('a version of EMQX', () => {
  it('up to 5.8 is the free edition’s package, from 5.9 on the other one, in its own repository', () => {
    expect(plan('5.8.9')).toMatchObject({
      told: '',
      release: { packageName: 'emqx', repository: { url: 'https://packagecloud.io/emqx/emqx' } },
    });
    expect(plan('5.10.3', { isLicensed: true })).toMatchObject({
      told: '',
      release: {
        packageName: 'emqx-enterprise',
        repository: {
          url: 'https://packagecloud.io/emqx/emqx-enterprise5',
          keyUrl: 'https://packagecloud.io/emqx/emqx-enterprise5/gpgkey',
        },
      },
    });
  });

  it.each<[string, string, Partial<ReleaseSurroundings>, RegExp]>([
    ['that is none', 'latest', {}, /emqx\.version is "latest"/],
    ['that is too old', '5.7.2', {}, /5\.8\.0 or newer/],
    ['that needs a licence for a cluster', '5.9.0', {}, /no emqx\.licenseKey/],
    ['that takes no licence', '5.8.9', { isLicensed: true }, /emqx\.licenseKey is for 5\.9\.0 and newer/],
    ['without a package for the operating system', '5.8.6', {}, /no package for debian-13; use 5\.8\.8/],
    ['of a later line without one', '5.9.1', { isLicensed: true }, /no package for debian-13; use 5\.9\.2/],
    ['of the last line of 5 without one', '5.10.0', { isLicensed: true }, /use 5\.10\.1 or newer/],
    ['whose repository is not known', '7.0.0', { isLicensed: true }, /give emqx\.repository/],
  ])('%s is refused', (_, version, changes, message) => {
    expect(plan(version, changes).told).toMatch(message);
  });

  it('of 6.x comes from the repository of 5.9 and 5.10', () => {
    const { told, release } = plan('6.1.0', { isLicensed: true });
    expect(told).toBe('');
    expect(release.repository.url).toBe('https://packagecloud.io/emqx/emqx-enterprise5');
  });

  it('of the last free line is told to be that', () => {
    expect(noteOnRelease(plan('5.8.9').release)).toContain('no longer maintained');
    expect(noteOnRelease(plan('5.10.3', { isLicensed: true }).release)).toBeUndefined();
  });

  it('may be what a cluster cannot be, or come from a repository that is given', () => {
    expect(plan('5.9.3', { brokerCount: 1 }).told).toBe('');
    expect(plan('5.8.6', { operatingSystem: 'debian-12' }).told).toBe('');
    expect(plan('6.1.0', { isLicensed: true, repository: { url: 'https://apt.example.com' } }).told).toBe('');
  });
});
