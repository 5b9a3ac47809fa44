import type * as pulumi from '@pulumi/pulumi';

/** Backups of EMQX's data: users, rules, retained messages, bans, keys, and what its dashboard changed. No sessions. */
export interface BackupArgs {
  /**
   * The name of a bucket of yours in the stack's region: who may read it, and how long it keeps what, is yours to say. One
   * that is made is encrypted, private, versioned and for TLS alone; with its backups it stays when the stack goes.
   *
   * @default one that is made
   */
  bucket?: pulumi.Input<string>;
  /** What the keys of this platform's backups begin with: letters, digits and `._-`, in parts that each end in `/`. @default the platform's name and `/` */
  prefix?: string;
  /** How old the youngest backup may get, 1 to 168 hours; then a broker makes another one. @default 24 */
  everyHours?: number;
  /** How long backups stay in a bucket that is made, 1 to 3650 days. @default 30 */
  keepDays?: number;
}
