import { readFileSync } from 'node:fs';
import { XMLParser } from 'fast-xml-parser';

/** What a suite's tests came to. */
export interface Count {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly test: string;
  /** The first lines of what it said. */
  readonly reason: string;
}

const reasonLines = 12;

export function failure(test: string, reason = ''): Failure {
  return { test, reason: reason.trim().split('\n').slice(0, reasonLines).join('\n') };
}

/** Of a report of Vitest's JSON reporter, and the exit code of its run. */
export function countVitest(path: string, code: number): Count {
  const report = read(path);
  // The reporter's own format.
  const results = report === undefined ? [] : (JSON.parse(report) as VitestReport).testResults;
  const tests = results.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(hasFailed);
  // A file that cannot even be loaded, or whose set-up fails, has no test that could.
  const files = results.filter((file) => file.status === 'failed' && !file.assertionResults.some(hasFailed));
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failures: orExitCode(
      [
        ...failed.map(({ fullName, failureMessages }) => failure(fullName, failureMessages.join('\n'))),
        ...files.map(({ name, message }) => failure(name, message)),
      ],
      code,
    ),
  };
}

/** Of a report of pytest's `--junitxml`, and the exit code of its run. */
export function countPytest(path: string, code: number): Count {
  const cases = parseCases(read(path) ?? '');
  const isFailed = (one: PytestCase) => one.failure !== undefined || one.error !== undefined;
  const failed = cases
    .filter(isFailed)
    .map((one) => failure(`${one.classname} ${one.name}`, (one.failure ?? one.error)?.message));
  return {
    passed: cases.filter((one) => !isFailed(one) && one.skipped === undefined).length,
    failures: orExitCode(failed, code),
  };
}

/** A run that failed without a test of that name: a crash, or a report that was never written. */
function orExitCode(failures: readonly Failure[], code: number): readonly Failure[] {
  return failures.length === 0 && code !== 0
    ? [failure(`exit code ${code}, and no test that failed`)]
    : failures;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly VitestCase[];
  }[];
}

interface VitestCase {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

function hasFailed({ status }: VitestCase): boolean {
  return status === 'failed';
}

interface PytestCase {
  readonly classname: string;
  readonly name: string;
  readonly failure?: { readonly message: string };
  readonly error?: { readonly message: string };
  readonly skipped?: unknown;
}

function parseCases(xml: string): readonly PytestCase[] {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => name === 'testsuite' || name === 'testcase',
  });
  // pytest's own format; a report that was never written has no suites.
  const { testsuites } = parser.parse(xml) as {
    readonly testsuites?: { readonly testsuite?: readonly { readonly testcase?: readonly PytestCase[] }[] };
  };
  return (testsuites?.testsuite ?? []).flatMap(({ testcase }) => testcase ?? []);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
