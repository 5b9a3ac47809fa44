import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countPytest, countVitest } from '../reports';

let folder = '';
const report = (text: string) => {
  const path = join(folder, 'report');
  writeFileSync(path, text);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reports-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('countVitest', () => {
  const test = (fullName: string, status: string, ...failureMessages: string[]) => ({
    fullName,
    status,
    failureMessages,
  });

  it('names each test that failed, and why', () => {
    const assertionResults = [test('a', 'passed'), test('b', 'failed', 'it was red'), test('c', 'skipped')];
    const path = report(
      JSON.stringify({ testResults: [{ name: 'x.ts', status: 'failed', assertionResults }] }),
    );
    expect(countVitest(path, 1)).toEqual({ passed: 1, failures: [{ test: 'b', reason: 'it was red' }] });
  });

  it('names a file that failed without a test that did', () => {
    const path = report(
      JSON.stringify({
        testResults: [{ name: 'x.ts', status: 'failed', message: 'no such module', assertionResults: [] }],
      }),
    );
    expect(countVitest(path, 1)).toEqual({
      passed: 0,
      failures: [{ test: 'x.ts', reason: 'no such module' }],
    });
  });

  it('counts a run that failed and wrote nothing', () => {
    expect(countVitest(join(folder, 'none'), 1).failures).toHaveLength(1);
  });
});

describe('countPytest', () => {
  const suite = (cases: string) =>
    report(`<testsuites><testsuite name="pytest">${cases}</testsuite></testsuites>`);
  const passed = '<testcase classname="m" name="a" time="0.1" />';

  it('names each test that failed, or whose set-up did', () => {
    const path = suite(
      `${passed}<testcase classname="m" name="b"><failure message="no">trace</failure></testcase>` +
        '<testcase classname="m" name="c"><error message="never" /></testcase>' +
        '<testcase classname="m" name="d"><skipped message="why" /></testcase>',
    );
    expect(countPytest(path, 1)).toEqual({
      passed: 1,
      failures: [
        { test: 'm b', reason: 'no' },
        { test: 'm c', reason: 'never' },
      ],
    });
  });

  it('counts a run of a single test', () => {
    expect(countPytest(suite(passed), 0)).toEqual({ passed: 1, failures: [] });
  });

  it('counts a run that failed though its tests passed', () => {
    expect(countPytest(suite(passed), 3).failures).toHaveLength(1);
  });
});
