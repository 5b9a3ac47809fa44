import type { EC2 } from '@aws-sdk/client-ec2';
import type { IAM } from '@aws-sdk/client-iam';
import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { ServiceQuotas } from '@aws-sdk/client-service-quotas';
import type { SSM } from '@aws-sdk/client-ssm';
import type { STS } from '@aws-sdk/client-sts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kms } from './kms';
import type { Tags } from './resource';
import type { S3 } from './s3';

/** The clients of one region, each loaded when first asked for. */
export interface Clients {
  ec2(): Promise<EC2>;
  iam(): Promise<IAM>;
  kms(): Promise<Kms>;
  s3(): Promise<S3>;
  secretsManager(): Promise<SecretsManager>;
  serviceQuotas(): Promise<ServiceQuotas>;
  ssm(): Promise<SSM>;
  sts(): Promise<STS>;
  /** The account that the calls are made for, where an answer does not say whose a resource is. */
  account(): Promise<string>;
}

/** What one operation of the provider has to work with. */
export interface Call extends Clients {
  readonly region: string;
  /** Those of the resource and the provider's default ones together. */
  readonly tags: Tags;
  /** Asks until the probe returns something; fails when the operation's time is up or it is cancelled. */
  until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T>;
  /** Repeats while AWS answers with one of the codes: for what something else must let go of first. */
  retry<T>(codes: RegExp, work: () => Promise<T>): Promise<T>;
  /** The same for what is new and not known everywhere yet: after two minutes it is taken to be wrong. */
  propagated<T>(codes: RegExp, work: () => Promise<T>): Promise<T>;
}

export interface Patience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const firstPauseMs = 200;
const longestPauseMs = 4_000;
/** What the official provider gives IAM. */
const propagationMs = 120_000;

export function makeCall(clients: Clients, region: string, tags: Tags, patience: Patience): Call {
  const deadline = Date.now() + patience.timeoutMs;

  async function until<T>(what: string, probe: () => Promise<T | undefined>, end = deadline): Promise<T> {
    const begun = Date.now();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      patience.signal.throwIfAborted();
      const found = await probe();
      if (found !== undefined) return found;
      if (Date.now() + pauseMs > end) {
        throw new Error(`gave up on ${what} after ${((Date.now() - begun) / 1000).toFixed(0)} s`);
      }
      await delay(pauseMs, undefined, { signal: patience.signal });
    }
  }

  async function retry<T>(codes: RegExp, work: () => Promise<T>, end = deadline): Promise<T> {
    let refusal: unknown;
    const attempt = async (): Promise<{ result: T } | undefined> => {
      try {
        return { result: await work() };
      } catch (error) {
        if (!codes.test(errorText(error))) throw error;
        refusal = error;
        return undefined;
      }
    };
    try {
      return (await until('a call that AWS keeps refusing', attempt, end)).result;
    } catch (error) {
      throw refusal === undefined || patience.signal.aborted ? error : refusal;
    }
  }

  return {
    ...clients,
    region,
    tags,
    until: (what, probe) => until(what, probe),
    retry: (codes, work) => retry(codes, work),
    propagated: (codes, work) => retry(codes, work, Math.min(deadline, Date.now() + propagationMs)),
  };
}

/** AWS's error code, and its message: some codes are only told apart by it. */
export function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Whether AWS says that the thing does not exist; of the many codes all say so in their name. */
export function isGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    /NotFound|NoSuch(Entity|Bucket|Lifecycle|PublicAccess)|\.Unknown$/.test(error.name)
  );
}

/** The result of the work, or undefined when AWS says that the thing does not exist. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** For what AWS's answers always hold, and its types do not promise. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`AWS answered without ${what}`);
  return value;
}
