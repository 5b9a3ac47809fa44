import { randomBytes } from 'node:crypto';

/** What an instance gets of its role through its metadata. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
  readonly instanceId: string;
  readonly roleName: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** EC2 gives out new credentials well before the old ones end; both are good meanwhile. */
const renewedBefore = 0.2;

/** Temporary credentials of instances: made on demand, renewed before they expire. */
export class InstanceCredentials {
  private readonly byKey = new Map<string, RoleCredentials>();
  private readonly current = new Map<string, RoleCredentials>();

  constructor(
    private lifetimeSeconds = 3600,
    private readonly now: () => number = Date.now,
  ) {}

  /** Of those issued from now on; what was issued before is forgotten by the metadata, not by the API. */
  setLifetime(seconds: number): void {
    this.lifetimeSeconds = seconds;
    this.current.clear();
  }

  /** What the metadata service answers now. */
  of(instanceId: string, roleName: string): RoleCredentials {
    const holder = `${instanceId}/${roleName}`;
    const former = this.current.get(holder);
    if (former !== undefined && this.now() < renewalTime(former)) return former;
    const issuedAt = this.now();
    const issued: RoleCredentials = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      token: randomBytes(150).toString('base64'),
      instanceId,
      roleName,
      issuedAt,
      expiresAt: issuedAt + this.lifetimeSeconds * 1000,
    };
    this.current.set(holder, issued);
    this.byKey.set(issued.accessKeyId, issued);
    this.forgetOld();
    return issued;
  }

  /** Expired ones too, so that the API can say so. */
  withKey(accessKeyId: string): RoleCredentials | undefined {
    return this.byKey.get(accessKeyId);
  }

  private forgetOld(): void {
    const dayMs = 86_400_000;
    for (const [key, { expiresAt }] of this.byKey) if (expiresAt + dayMs < this.now()) this.byKey.delete(key);
  }
}

function renewalTime({ issuedAt, expiresAt }: RoleCredentials): number {
  return expiresAt - (expiresAt - issuedAt) * renewedBefore;
}
