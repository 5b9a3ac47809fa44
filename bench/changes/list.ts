import type { Change, ChangingStack } from '../../proving/changes/changingStack';
import type { Ran } from '../../proving/lab';

/** What is changed in a round, one after the other on one stack: each begins where the former ended. */
export interface MeasuredChange {
  readonly name: string;
  /** Only in the first round of a stack: it cannot be taken back. */
  readonly isOnce?: boolean;
  /** Applies it; each round is another value. */
  apply(stack: ChangingStack, round: number): Promise<Ran>;
}

/** What the stack has before the first round. */
export const before: Change = { emqx: { version: '5.8.8' } };

export const changes: readonly MeasuredChange[] = [
  configured('nothing', () => ({})),
  configured('haproxy.maxKeepaliveSeconds', (round) => ({ haproxy: { maxKeepaliveSeconds: 600 + round } })),
  {
    name: 'server certificate',
    apply: async (stack) => stack.replaceResource('-server-key'),
  },
  configured('emqx.settings, live', (round) => ({
    emqx: { settings: { mqtt: { max_packet_size: `${round + 1}MB` } } },
  })),
  configured('emqx.settings, at a start', (round) => ({
    emqx: {
      settings: {
        mqtt: { max_packet_size: `${round + 1}MB` },
        rpc: { connect_timeout: `${round + 5}s` },
      },
    },
  })),
  { ...configured('emqx.version', () => ({ emqx: { version: '5.8.9' } })), isOnce: true },
  configured('haproxy.imageGeneration', (round) => ({ haproxy: { imageGeneration: 2 * round } })),
  configured('emqx.imageGeneration', (round) => ({ emqx: { imageGeneration: 2 * round } })),
  configured('imageGeneration of all five hosts', (round) => ({
    haproxy: { imageGeneration: 2 * round + 1 },
    emqx: { imageGeneration: 2 * round + 1 },
  })),
  configured('emqx.brokers 3 to 4', () => ({ emqx: { brokers: 4 } })),
  configured('emqx.brokers 4 to 3', () => ({ emqx: { brokers: 3 } })),
];

function configured(name: string, change: (round: number) => Change): MeasuredChange {
  return {
    name,
    apply: async (stack, round) => {
      stack.configure(change(round));
      return stack.run('up');
    },
  };
}
