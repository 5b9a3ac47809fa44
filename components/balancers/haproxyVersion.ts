/** What the HAProxy of a host can do, by its version: the one place that knows. */
export interface HaproxyAbilities {
  /** `balance hash`, which client-id stickiness without a shared table needs; since 2.6. */
  readonly balanceHash: boolean;
  /** A line of one's own for a handshake that failed, and lines that are left out in a storm; since 2.6. */
  readonly errorLog: boolean;
  /** More than one certificate for clients that ask for no name: one for each kind of key; since 3.0. */
  readonly defaultCertificates: boolean;
}

/** 2.4 is Ubuntu 22.04's; anything older lacks MQTT inspection that works. */
export function haproxyAbilities(version: string): HaproxyAbilities {
  const match = /^(\d+)\.(\d+)(?:\.|$)/.exec(version);
  const release = match === null ? NaN : Number(match[1]) * 100 + Number(match[2]);
  if (!(release >= 204)) {
    throw new Error(`haproxyVersion is ${JSON.stringify(version)}; allowed: 2.4 or newer, for example 3.0`);
  }
  return { balanceHash: release >= 206, errorLog: release >= 206, defaultCertificates: release >= 300 };
}
