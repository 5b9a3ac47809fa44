import { readFileSync } from 'node:fs';
import { XMLParser } from 'fast-xml-parser';

/** What a suite's tests came to; each that failed by its name. */
export interface Count {
  readonly passed: number;
  readonly failures: readonly string[];
}

/** Of a report of Vitest's JSON reporter, and the exit code of its run. */
export function countVitest(path: string, code: number): Count {
  const report = read(path);
  // The reporter's own format.
  const results = report === undefined ? [] : (JSON.parse(report) as VitestReport).testResults;
  const tests = results.flatMap(({ assertionResults }) => assertionResults);
  const failures = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  // A file that cannot even be loaded, or whose set-up fails, has no test that could.
  const files = results.filter((file) => file.status === 'failed' && !file.assertionResults.some(hasFailed));
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failures: orExitCode([...failures, ...files.map(({ name }) => name)], code),
  };
}

/** Of a report of pytest's `--junitxml`, and the exit code of its run. */
export function countPytest(path: string, code: number): Count {
  const cases = parseCases(read(path) ?? '');
  const isFailed = (one: PytestCase) => one.failure !== undefined || one.error !== undefined;
  const failed = cases.filter(isFailed).map(({ classname, name }) => `${classname} ${name}`);
  return {
    passed: cases.filter((one) => !isFailed(one) && one.skipped === undefined).length,
    failures: orExitCode(failed, code),
  };
}

/** A run that failed without a test of that name: a crash, or a report that was never written. */
function orExitCode(failures: readonly string[], code: number): readonly string[] {
  return failures.length === 0 && code !== 0 ? [`exit code ${code}, and no test that failed`] : failures;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly VitestCase[];
  }[];
}

interface VitestCase {
  readonly fullName: string;
  readonly status: string;
}

function hasFailed({ status }: VitestCase): boolean {
  return status === 'failed';
}

interface PytestCase {
  readonly classname: string;
  readonly name: string;
  readonly failure?: unknown;
  readonly error?: unknown;
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
