/** The HAProxys that are compared: those of Debian's two last releases. */
export const systems = {
  debian12: { os: 'debian-12', haproxyVersion: '2.6' },
  debian13: { os: 'debian-13', haproxyVersion: '3.0' },
} as const;

export type System = (typeof systems)[keyof typeof systems];
