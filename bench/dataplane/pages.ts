import type { MeasurementName } from './metrics';

/** A page of docs/benchmarks: written when something on it was measured, all of it on one machine. */
export interface Page {
  readonly name: string;
  readonly title: string;
  readonly measurements: readonly MeasurementName[];
  /** Whether a plot of ratios is beside it. */
  readonly plot: boolean;
}

const dataplane: Page = {
  name: 'dataplane',
  title: 'The data plane against the guide',
  measurements: [
    ...(['connections', 'publishing', 'memory', 'handshakes', 'mutualHandshakes', 'oldTickets'] as const),
    ...(['mutualOldTickets', 'storm', 'brokerFailure', 'placement', 'reloads'] as const),
  ],
  plot: true,
};

const fleets: Page = {
  name: 'fleets',
  title: 'Storms, logs and many listeners',
  measurements: ['journal', 'systemCalls', 'refusals', 'listenerCount', 'stickTable'],
  plot: false,
};

export const pages: readonly [Page, ...Page[]] = [dataplane, fleets];
