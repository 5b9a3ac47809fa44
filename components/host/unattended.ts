import { render } from '../rendering/template';
import type { HostFile } from './fileSet';

/**
 * Keeps what a host does by itself at night from its services: an upgrade of a library would restart HAProxy, Keepalived
 * or EMQX on all hosts within the same minutes. The names of units and packages are regular expressions without anchors.
 */
export function unattendedFiles(units: readonly string[], packages: readonly string[]): HostFile[] {
  return [
    {
      path: '/etc/needrestart/conf.d/emqx-haproxy.conf',
      content: render('host/needrestart.conf', { units }),
    },
    { path: '/etc/apt/apt.conf.d/99emqx-haproxy', content: render('host/apt.conf', { packages }) },
  ].map((file) => ({
    ...file,
    mode: '0644',
    owner: 'root:root',
    change: { kind: 'none' },
    withPrograms: true,
  }));
}
