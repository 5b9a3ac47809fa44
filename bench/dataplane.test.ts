import { describe, expect, it } from 'vitest';
import { haproxyConfig } from '../components/balancers/haproxyConfig';
import type { ContestantName } from './dataplane/contestant';
import { withGuideLog, withoutLog } from './dataplane/guideLog';
import { furthestFromEven } from './dataplane/measurements/placement';
import { metrics } from './dataplane/metrics';
import { pages } from './dataplane/pages';
import { ratioPlot } from './dataplane/plot';
import { reportMarkdown } from './dataplane/report';
import type { Sample } from './dataplane/results';
import { Series } from './dataplane/series';
import { splitEvenly } from './dataplane/splitEvenly';
import { balancerView } from '../proving/views';

function samples(
  measurement: Sample['measurement'],
  metric: string,
  contestant: ContestantName,
  values: readonly (number | null)[],
): Sample[] {
  return values.map((value, index) => ({
    ...{ measurement, metric, contestant, value },
    ...{ round: index + 1, loadAverage: 1 },
  }));
}

const processor = (contestant: ContestantName, values: readonly number[]) =>
  samples('connections', 'processor', contestant, values);

describe('ratios to the guide', () => {
  it('are of figures of the same round, so that what slowed a round counts for neither', () => {
    const series = new Series(
      [...processor('guide', [100, 200, 400]), ...processor('ours', [90, 180, 360])],
      'connections',
      'processor',
    );
    expect(series.ratios('ours', 'guide')).toEqual([0.9, 0.9, 0.9]);
  });

  it('leave out rounds in which one of them has no figure', () => {
    const killed = (contestant: ContestantName, values: readonly (number | null)[]) =>
      samples('brokerFailure', 'killed', contestant, values);
    const series = new Series(
      [...killed('guide', [null, 4]), ...killed('ours', [0.2, 0.4])],
      'brokerFailure',
      'killed',
    );
    expect(series.ratios('ours', 'guide')).toEqual([0.1]);
  });
});

describe('the report', () => {
  const results = {
    machine: { kernel: '6.1' },
    samples: [
      ...processor('guide', [100, 120, 110]),
      ...processor('ours', [90, 108, 121]),
      ...samples('brokerFailure', 'killed', 'guide', [null, null]),
      ...samples('brokerFailure', 'killed', 'ours', [0.2, 0.3]),
      ...samples('brokerFailure', 'frozen', 'guide', [null, 9]),
    ],
  };
  const page = reportMarkdown(results);

  it('shows median, least and most, and the median ratio', () => {
    expect(page).toContain(
      '| proxy CPU per new connection, us | 110 (100 to 120) | 108 (90 to 121) | 0.90 |',
    );
  });

  it('says so where something did not happen in time', () => {
    expect(page).toContain('| not within 10 s |');
    expect(page).toContain('9.00; 1 of 2 not within 10 s');
  });

  it('has no table of what was not measured', () => {
    expect(page).not.toContain('## Memory');
  });

  it('stands on one page, and what another has on it stands there alone', () => {
    const all = { ...results, samples: [...results.samples, ...samples('journal', 'both', 'ours', [140])] };
    const [dataplane, ...others] = pages.map((each) => reportMarkdown(all, each));
    expect(dataplane).toContain('## New connections\n');
    expect(dataplane).not.toContain('## New connections, their lines');
    expect(others.join()).toContain('## New connections, their lines in the journal');
    expect(pages.flatMap(({ measurements }) => measurements).toSorted()).toEqual(
      Object.keys(metrics).toSorted(),
    );
  });

  it('has a plot with a dot for each round', () => {
    expect(ratioPlot(results).match(/<circle/g)).toHaveLength(3 + 2 + 1);
  });
});

describe('the shares of three brokers', () => {
  it('are as far from even as the furthest, and one without any client is all of its share away', () => {
    expect(furthestFromEven(['a', 'b', 'c', 'a', 'b', 'c'])).toBe(0);
    expect(furthestFromEven(['a', 'a', 'a', 'b', 'b', 'c'])).toBe(0.5);
    expect(furthestFromEven(['a', 'b', 'a', 'b', 'a', 'b'])).toBe(1);
  });
});

describe('load processes', () => {
  it('share out all clients, none of them more than one beyond the others', () => {
    expect(splitEvenly(10, 4)).toEqual([2, 3, 2, 3]);
    expect(splitEvenly(1, 8).reduce((sum, each) => sum + each, 0)).toBe(1);
  });
});

describe("the guide's log in what is rendered", () => {
  const config = haproxyConfig(balancerView());

  it('replaces the target and the formats, and nothing else', () => {
    const lines = withGuideLog(config).split('\n');
    const before = config.split('\n');
    expect(lines.filter((line) => !before.includes(line)).map((line) => line.trim())).toEqual([
      'log 127.0.0.1 local3 info',
      'option tcplog',
    ]);
    expect(before.filter((line) => !lines.includes(line)).map((line) => line.trim().split(' ')[0])).toEqual([
      'log',
      'log-format',
      'log-format',
    ]);
  });

  it('is left out without another change', () => {
    const without = withoutLog(config).split('\n');
    const gone = config.split('\n').filter((line) => !without.includes(line));
    expect(gone.map((line) => line.trim())).toEqual([expect.stringMatching(/^log stdout /)]);
    expect(() => withoutLog(withoutLog(config))).toThrow(/mend withoutLog/);
  });

  it('is refused where its own cannot be found', () => {
    expect(() => withGuideLog(config.replace('log stdout', 'log ring@logs'))).toThrow(/mend withGuideLog/);
  });
});
