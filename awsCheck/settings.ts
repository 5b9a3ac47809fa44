import { parseArgs } from 'node:util';
import { operatingSystems, type OperatingSystem } from '../components/host/operatingSystems';
import { faults, type FaultName } from '../proving/pair/faults';
import { systemsIn } from '../lab/settings';
import { Problems } from '../components/rendering/problems';

export const usage = `aws-check --region REGION [--os OS] [--budget USD] [--minutes N] [--from CIDR] [--failovers KIND,...]
aws-check --lab [...]          the same in the lab
aws-check --sweep --region REGION   remove what an interrupted run left

Brings a small stack up in the account whose credentials are set, proves it, breaks it, changes it, destroys it and writes
a report to attach to an issue. Nothing is left, or the report says what.
  --os         ${Object.keys(operatingSystems).join(', ')}; debian-13 when left out
  --budget     in USD; the stack's price for --minutes must fit, 1 when left out
  --minutes    after which it stops and destroys, 15 to 240; 90 when left out
  --from       the range that this machine is seen from; asked of checkip.amazonaws.com when left out
  --failovers  kinds of failover to measure; all when left out
  --report     the report's file; aws-check-STACK.md when left out
`;

/** What a run is to do. */
export interface Settings {
  readonly region: string;
  readonly inLab: boolean;
  readonly sweepOnly: boolean;
  readonly operatingSystem: OperatingSystem;
  readonly budgetUsd: number;
  readonly minutes: number;
  readonly from: string | undefined;
  readonly failovers: readonly FaultName[];
  readonly report: string | undefined;
}

/** The lab's region and the address that it gives the machine which runs it. */
const lab = { region: 'eu-central-1', from: '203.0.113.1/32' };

/** Reads the command line; throws with all that is wrong with it. */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      region: { type: 'string' },
      lab: { type: 'boolean', default: false },
      sweep: { type: 'boolean', default: false },
      os: { type: 'string', default: 'debian-13' },
      budget: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '90' },
      from: { type: 'string' },
      failovers: { type: 'string' },
      report: { type: 'string' },
    },
  });
  const problems = new Problems();
  const region = values.region ?? (values.lab ? lab.region : '');
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    problems.add('--region', `is ${region === '' ? 'missing' : region}; give one such as eu-central-1`);
  problems.oneOf('--os', values.os, Object.keys(operatingSystems));
  if (values.lab && values.os in operatingSystems && systemsIn(values.os).length === 0)
    problems.add(
      '--os',
      `is ${values.os}, of which the lab has no image; with --lab give a Debian, or go to AWS`,
    );
  const [budgetUsd, minutes] = [Number(values.budget), Number(values.minutes)];
  if (!(budgetUsd > 0)) problems.add('--budget', `is ${values.budget}; an amount of USD above 0 is allowed`);
  problems.wholeNumber('--minutes', minutes, 15, 240, 'minutes');
  const possible = possibleFailovers(values.lab);
  const failovers = values.failovers?.split(',') ?? possible;
  for (const name of failovers) problems.oneOf('--failovers', name, possible);
  const from = values.from ?? (values.lab ? lab.from : undefined);
  if (problems.all.length > 0)
    throw new Error(problems.all.map(({ path, reason }) => `${path}: ${reason}`).join('\n'));
  return {
    region,
    inLab: values.lab,
    sweepOnly: values.sweep,
    operatingSystem: values.os as OperatingSystem,
    budgetUsd,
    minutes,
    from,
    failovers: failovers as readonly FaultName[],
    report: values.report,
  };
}

/** What a login can cause. The crash is the kernel's own, which the lab's hosts share with this machine. */
function possibleFailovers(inLab: boolean): readonly FaultName[] {
  const all = Object.keys(faults) as FaultName[];
  return all.filter((name) => !faults[name].labOnly && !(inLab && name === 'hostCrash'));
}
