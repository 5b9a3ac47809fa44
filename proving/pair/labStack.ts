import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { labHome } from '../../lab/paths';
import { lab } from '../lab';
import { repositoryRoot } from '../product';
import type { Setup } from './setup';
import type { Mode } from './virtualIp';

const folder = join(labHome, 'proving');
const stackFile = join(folder, 'Pulumi.lab.yaml');

/** Brings the lab up with a setup, or changes it to one: two balancers and one broker. */
export async function raise(setup: Setup): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // The file's shape is Pulumi's own.
  const file = parse(readFileSync(join(repositoryRoot, 'Pulumi.lab.yaml'), 'utf8')) as {
    config: Record<string, Record<string, unknown>>;
  };
  const { advertIntervalMs, graceMs, mode = 'elasticIp' } = setup;
  const { authentication, authorization } = file.config['emqx-haproxy:emqx'] ?? {};
  file.config['emqx-haproxy:emqx'] = { brokers: 1, authentication, authorization };
  for (const [key, value] of Object.entries(modeConfiguration[mode]))
    file.config[`emqx-haproxy:${key}`] = value;
  if (!setup.baseline) file.config['emqx-haproxy:haproxy'] = { keepalived: { advertIntervalMs, graceMs } };
  writeFileSync(stackFile, stringify(file));
  process.env['LAB_STACK_FILE'] = stackFile;
  await lab(['up']);
}

/** `route` with an address outside the VPC's range; `privateIp` is for one subnet. */
const modeConfiguration: Readonly<Record<Mode, Readonly<Record<string, Record<string, unknown>>>>> = {
  elasticIp: {},
  route: { virtualIp: { mode: 'route', address: '10.255.0.1' } },
  privateIp: { network: { zoneCount: 1 }, virtualIp: { mode: 'privateIp' } },
};

/** Ends the lab. */
export async function lower(): Promise<void> {
  await lab(['down']);
}
