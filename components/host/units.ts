import { render } from '../rendering/template';
import type { FileChange, HostFile } from './fileSet';
import { codeVersion, programFolder } from './programs';

/** What this platform adds to the unit of a Debian package. */
export function dropIn(unit: string, content: string, name = 'emqx-haproxy'): HostFile {
  return unitFile(`${unit}.service.d/${name}.conf`, { kind: 'restart', unit }, content);
}

/** The unit of a resident program of ours. */
export function programUnit(
  unit: string,
  program: string,
  view: {
    readonly description: string;
    readonly after: string;
    readonly watchdogSeconds: number;
    /** The account that it runs as, with no right but to its own files; root's when left out. */
    readonly confined?: { readonly user: string; readonly network: boolean };
  },
): HostFile {
  const content = render('host/units/program.service', {
    ...view,
    confined: view.confined ?? false,
    program,
    programFolder,
    codeVersion: codeVersion(program),
  });
  return unitFile(`${unit}.service`, { kind: 'restart', unit }, content);
}

/** The unit that mounts a broker's data volume. It is not restarted for a change: EMQX would lose its database. */
export function dataVolumeUnit(volumeId: string): HostFile {
  const content = render('broker/units/emqx-data.service', { volumeId, programFolder });
  return unitFile('emqx-data.service', { kind: 'none' }, content);
}

/** A file of systemd's, by its name there. */
export function unitFile(name: string, change: FileChange, content: string): HostFile {
  return {
    path: `/etc/systemd/system/${name}`,
    content,
    mode: '0644',
    owner: 'root:root',
    change,
  };
}
