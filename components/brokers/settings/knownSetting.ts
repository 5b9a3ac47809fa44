/**
 * What a setting of EMQX may be. A text names one or several forms, `|` between them: `bool`, `int`, `number`, `text`,
 * `duration` (15s, 1m30s, or milliseconds), `bytes` (1MB), `percent` (80%), `list`, `object`, `any`, a range such as
 * `1..128`, and every other word for itself. In an object, `*` is a name of the user's choice.
 */
export type KnownSetting = string | readonly [KnownSettings] | KnownSettings;
export interface KnownSettings {
  readonly [key: string]: KnownSetting;
}
