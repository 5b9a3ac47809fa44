import type { HostFile } from '../../host/fileSet';
import { settingsFile } from '../../host/settings';
import { emqxFolder } from '../authenticators/server';
import { renderHocon } from '../hocon';
import type { PlannedSettings } from './plan';

/** The settings that EMQX takes while it runs, in a file of their own. */
export const settingsPath = `${emqxFolder}/settings.hocon`;

export function settingsFiles({ live, atStart, roots }: PlannedSettings): readonly HostFile[] {
  return [
    {
      path: settingsPath,
      // A root that stands in emqx.conf already: a file that is included says something.
      content: renderHocon({ authorization: {}, ...live }),
      mode: '0640',
      owner: 'root:emqx',
      change: { kind: 'reload', unit: 'emqx' },
    },
    settingsFile('settings', { kind: 'none' }, { roots, expected: { ...live, ...atStart } }),
  ];
}
