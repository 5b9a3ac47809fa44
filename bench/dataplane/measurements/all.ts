import type { Measurement } from '../measurement';
import type { MeasurementName } from '../metrics';
import { brokerFailure } from './brokerFailure';
import { connections } from './connections';
import { handshakes, mutualHandshakes, mutualOldTickets, oldTickets } from './handshakes';
import { memory } from './memory';
import { placement } from './placement';
import { publishing } from './publishing';
import { reloads } from './reloads';
import { storm } from './storm';

/** By name. */
export const measurements: { readonly [M in MeasurementName]: Measurement<M> } = {
  connections,
  publishing,
  memory,
  handshakes,
  mutualHandshakes,
  oldTickets,
  mutualOldTickets,
  storm,
  brokerFailure,
  placement,
  reloads,
};
