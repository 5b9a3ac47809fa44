import { z } from 'zod';
import { AwsError } from './awsError';

const common = {
  /** An API action such as AssociateAddress; absent: every action. */
  action: z.string().min(1).optional(),
  /** A service such as ec2 or secretsmanager, or `imds`; absent: every AWS service, not the metadata. */
  service: z.string().min(1).optional(),
  /** The lab's own runner is spared unless it says `all`, so that what watches a fault does not suffer it. */
  callers: z.enum(['instances', 'all']).default('instances'),
  /** Absent: until it is cleared. */
  forSeconds: z.number().positive().optional(),
};

/** A fault of the AWS API, as POST /faults takes it. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('throttle'), ...common }),
  z.strictObject({ kind: z.literal('error'), ...common }),
  z.strictObject({ kind: z.literal('delay'), delayMs: z.number().int().positive(), ...common }),
  z.strictObject({ kind: z.literal('hang'), ...common }),
  /** EC2's answers are this far behind its deeds. */
  z.strictObject({ kind: z.literal('lag'), lagMs: z.number().int().positive(), ...common }),
  /** The API's clock is this far ahead when it judges signatures. */
  z.strictObject({ kind: z.literal('skew'), seconds: z.number().int(), ...common }),
]);

export type Fault = z.infer<typeof faultSchema>;

export interface FaultTarget {
  readonly service: string;
  readonly action: string;
  readonly caller: 'instance' | 'runner';
}

/** The faults that are on. Times are judged when a call comes; nothing waits in the background but hung calls. */
export class Faults {
  private active: { readonly fault: Fault; readonly until: number }[] = [];
  private readonly hung = new Set<() => void>();

  constructor(private readonly now: () => number = Date.now) {}

  add(fault: Fault): void {
    const until = fault.forSeconds === undefined ? Infinity : this.now() + fault.forSeconds * 1000;
    this.active.push({ fault, until });
  }

  clear(): void {
    this.active = [];
    for (const release of this.hung) release();
  }

  list(): Fault[] {
    return this.active.filter(({ until }) => until > this.now()).map(({ fault }) => fault);
  }

  /** How far the API's clock is ahead for this call, in milliseconds. */
  skewMs(target: FaultTarget): number {
    const skews = this.matching(target).map((fault) => (fault.kind === 'skew' ? fault.seconds : 0));
    return skews.reduce((sum, seconds) => sum + seconds, 0) * 1000;
  }

  /** How far EC2's answers to this call are behind, in milliseconds. */
  lagMs(target: FaultTarget): number {
    return Math.max(0, ...this.matching(target).map((fault) => (fault.kind === 'lag' ? fault.lagMs : 0)));
  }

  /**
   * Suffers what is on for this call: waits, or throws what the service answers. False means that the call hung
   * and is not to be answered at all.
   */
  async suffer(target: FaultTarget, closed: Promise<void>): Promise<boolean> {
    for (const fault of this.matching(target)) {
      switch (fault.kind) {
        case 'delay':
          await Promise.race([closed, this.pause(fault.delayMs)]);
          break;
        case 'hang':
          await Promise.race([closed, this.pause((fault.forSeconds ?? hangSeconds) * 1000)]);
          return false;
        case 'throttle':
          throw target.service === 'ec2'
            ? new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503)
            : new AwsError('ThrottlingException', 'Rate exceeded');
        case 'error':
          throw target.service === 'ec2'
            ? new AwsError('InternalError', 'An internal error has occurred', 500)
            : new AwsError('InternalServiceError', 'An error occurred on the server side.', 500);
        case 'lag':
        case 'skew':
          break;
      }
    }
    return true;
  }

  private matching({ service, action, caller }: FaultTarget): Fault[] {
    return this.list().filter(
      (fault) =>
        (fault.callers === 'all' || caller === 'instance') &&
        (fault.service === undefined ? service !== 'imds' : fault.service === service) &&
        (fault.action === undefined || fault.action === action),
    );
  }

  /** Over after the time or when the faults are cleared. */
  private pause(durationMs: number): Promise<void> {
    return new Promise((done) => {
      const release = () => {
        clearTimeout(timer);
        this.hung.delete(release);
        done();
      };
      const timer = setTimeout(release, durationMs);
      this.hung.add(release);
    });
  }
}

/** Longer than any client waits; a bound, so that no connection is kept for ever. */
const hangSeconds = 600;
