import { expect, it } from 'vitest';
import { balancerFiles } from '../../components/balancers/files';
import { brokerFiles } from '../../components/brokers/files';
import { systems } from '../../proving/checkImage';
import { balancerView, brokerView } from '../../proving/views';
import { ask } from './checkImage';

/** Exposure as systemd-analyze counts it, times ten: 100 is everything, 0 nothing. */
const allowed = {
  'haproxy-watch': 10,
  'vip-agent': 20,
  // Root's, since it ends another unit.
  'haproxy-hung': 20,
  // Root's, since it runs EMQX's command line as EMQX's user and writes what EMQX reads.
  'broker-agent': 45,
  // EMQX's user, since it runs EMQX's command line and reads what that leaves; it asks AWS.
  'emqx-backup': 32,
};

const backup = { bucket: 'backups', prefix: 'mqtt/', everyHours: 24 };
const files = [...balancerFiles(balancerView()), ...brokerFiles(brokerView({ backup }))];

it.each(systems.flatMap((system) => Object.entries(allowed).map(([unit, most]) => ({ system, unit, most }))))(
  '$unit has no more rights on $system.os than it needs',
  async ({ system, unit, most }) => {
    const path = `/etc/systemd/system/${unit}.service`;
    const content = files.find((file) => file.path === path)?.content ?? '';
    const argv = ['systemd-analyze', 'security', '--offline=true', '--no-pager', `--threshold=${most}`, path];
    const { exitCode, said } = await ask(system, argv, { [path]: content });
    expect(exitCode, said).toBe(0);
    expect(said).toContain('Overall exposure level');
  },
);
