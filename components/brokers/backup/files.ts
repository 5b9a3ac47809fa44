import type { HostFile } from '../../host/fileSet';
import { programFolder } from '../../host/programs';
import { settingsFile } from '../../host/settings';
import { unitFile } from '../../host/units';
import { render } from '../../rendering/template';
import type { BackupPlace } from './rights';

/** What a broker's file set says of backups. */
export interface BackupView extends BackupPlace {
  readonly everyHours: number;
}

/** The unit that has a broker look, time and again, whether it is time for a backup. */
export const backupTimer = 'emqx-backup.timer';

/** Everything that makes backups; the programs are on every broker. */
export function backupFiles({ bucket, prefix, everyHours, kmsKeyArn }: BackupView): readonly HostFile[] {
  return [
    settingsFile(
      'backup',
      { kind: 'none' },
      { bucket, prefix, everyHours, ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }) },
    ),
    unitFile(
      'emqx-backup.service',
      { kind: 'none' },
      render('broker/units/emqx-backup.service', { programFolder }),
    ),
    unitFile(
      backupTimer,
      { kind: 'restart', unit: backupTimer },
      render('broker/units/emqx-backup.timer', {}),
    ),
  ];
}
