import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../../proving/product';
import { changedFiles } from '../../preview/fileChanges';
import { parsePreview, type Step } from '../../preview/pulumiPreview';
import { reportOf } from '../../preview/report';
import { filesOnHostsSince } from '../../release/changelog';
import { sdkClients } from '../../lab/providers/aws/clients';
import { ApiLab, regionName } from '../../proving/region/apiLab';
import { readState, recordedReleases, stackFileOf } from './release';
import { restoreRegion } from './restoredRegion';
import { RestoredStack } from './restoredStack';
import { tryOnHost } from './runningHost';

/** What outlives a change of this package, whatever it is: a host's clients, address and data hang on these. */
const untouched = [
  'aws:ec2/instance:Instance',
  'aws:ec2/networkInterface:NetworkInterface',
  'aws:ec2/eip:Eip',
  'aws:ebs/volume:Volume',
  'aws:ec2/volumeAttachment:VolumeAttachment',
];

/**
 * A version's value is what it is: another value, such as today's programs, is another version, and the former one stays.
 * A command that is replaced runs once more: so hosts fetch that version.
 */
const renewed = ['aws:secretsmanager/secretVersion:SecretVersion', 'command:remote:Command'];

const changelog = readFileSync(join(repositoryRoot, 'CHANGELOG.md'), 'utf8');
const programFolder = '/usr/local/lib/emqx-haproxy/';

describe.each(recordedReleases())('a stack of %s, previewed with today’s code', (release) => {
  let lab: ApiLab;
  let stack: RestoredStack;
  let steps: readonly Step[];

  beforeAll(async () => {
    lab = await ApiLab.open();
    const clients = sdkClients(regionName, lab.runnerAccess);
    const state = await restoreRegion(readState(release), regionName, clients);
    stack = await RestoredStack.open(lab, state, stackFileOf(release));
    steps = await stack.preview();
  });
  afterAll(async () => {
    stack.close();
    await lab.close();
  });

  test('replaces nothing and deletes nothing', () => {
    const harmless = ['same', 'update', 'create', 'read'];
    expect(steps.length).toBeGreaterThan(100);
    const harmful = steps.filter(
      ({ op, oldState }) => !harmless.includes(op) && !renewed.includes(oldState?.type ?? ''),
    );
    expect(harmful.map(summary)).toEqual([]);
  });

  test('leaves instances, interfaces, addresses and volumes as they are, their tags aside', () => {
    const touched = steps.filter(
      (step) => step.op !== 'same' && untouched.includes(step.oldState?.type ?? '') && !onlyTags(step),
    );
    expect(touched.map(summary)).toEqual([]);
  });

  test('is told to a reviewer host by host, the balancers first', () => {
    const { hosts } = reportOf(parsePreview(JSON.stringify({ steps })));
    const names = hosts.map(({ name }) => name);
    expect(names.map((name) => name.replace(/\d+$/, 'N'))).toEqual([
      ...['mqtt-haproxy-N', 'mqtt-haproxy-N'],
      ...['mqtt-emqx-N', 'mqtt-emqx-N', 'mqtt-emqx-N'],
    ]);
    expect(hosts.filter(({ happens }) => happens.includes('replaced'))).toEqual([]);
  });

  test('changes those files of hosts that the changelog names', () => {
    const named = filesOnHostsSince(changelog, release);
    const changed = steps.flatMap(({ oldState, newState }) => {
      const [before, after] = [oldState?.inputs?.['stdin'], newState?.inputs?.['stdin']];
      return typeof before === 'string' && typeof after === 'string' ? changedFiles(before, after) : [];
    });
    const files = new Set(changed.map(({ path }) => path).filter((path) => !path.startsWith(programFolder)));
    expect([...files].sort()).toEqual([...named].sort());
  });

  test.each(['haproxy-1', 'emqx-1'])(
    'takes a running %s to today’s files without harm, whenever it is interrupted',
    async (host) => {
      const update = steps.find(({ urn }) => urn.endsWith(`-${host}-files`));
      const [former, today] = [update?.oldState?.inputs?.['stdin'], update?.newState?.inputs?.['stdin']];
      const command = update?.newState?.inputs?.['create'];
      expect(
        await tryOnHost({ former: String(former), today: String(today), command: String(command) }),
      ).toBe('');
    },
    900_000,
  );
});

/** Tags are labels: EC2 changes them on what runs. */
function onlyTags({ op, detailedDiff }: Step): boolean {
  const changed = Object.keys(detailedDiff ?? {});
  return op === 'update' && changed.length > 0 && changed.every((path) => /(^|\.)tags(All)?\b/.test(path));
}

function summary({ op, urn, replaceReasons, detailedDiff }: Step): string {
  const why = [...(replaceReasons ?? []), ...Object.keys(detailedDiff ?? {})].join(', ');
  return `${op} ${urn.split('::').at(-1) ?? urn} (${why})`;
}
