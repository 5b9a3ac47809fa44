import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { balancerFiles } from '../../components/balancers/files';
import { brokerFiles } from '../../components/brokers/files';
import { run } from '../../lab/process';
import { balancerView, brokerView } from '../../proving/views';
import type { Exposure } from './report';

const units = ['haproxy-watch', 'vip-agent', 'haproxy-hung', 'broker-agent'];

/** What `systemd-analyze security` of this machine says of the units, by their names: 10 is everything, 0 nothing. */
export async function exposures(): Promise<Exposure> {
  const files = [...balancerFiles(balancerView()), ...brokerFiles(brokerView())];
  const folder = mkdtempSync(join(tmpdir(), 'emqx-haproxy-units-'));
  try {
    const found: Record<string, number> = {};
    for (const unit of units) {
      const path = join(folder, `${unit}.service`);
      writeFileSync(path, files.find((file) => file.path.endsWith(`/system/${unit}.service`))?.content ?? '');
      const said = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', path]);
      found[unit] = Number(/^→ Overall exposure level for .*: (\S+)/m.exec(said)?.[1]);
    }
    return {
      systemd: /^systemd (\d+)/.exec(await run('systemctl', ['--version']))?.[1] ?? 'unknown',
      units: found,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
