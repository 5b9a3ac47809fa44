import type { Measurement } from '../measurement';
import type { MeasurementName } from '../metrics';
import { brokerFailure } from './brokerFailure';
import { connections } from './connections';
import { handshakes, mutualHandshakes, mutualOldTickets, oldTickets } from './handshakes';
import { journal } from './journal';
import { listenerCount } from './listenerCount';
import { memory } from './memory';
import { placement } from './placement';
import { publishing } from './publishing';
import { refusals } from './refusals';
import { reloads } from './reloads';
import { stickTable } from './stickTable';
import { storm } from './storm';
import { systemCalls } from './systemCalls';

/** By name. */
export const measurements: { readonly [M in MeasurementName]: Measurement<M> } = {
  connections,
  journal,
  publishing,
  memory,
  handshakes,
  mutualHandshakes,
  oldTickets,
  mutualOldTickets,
  storm,
  refusals,
  listenerCount,
  stickTable,
  systemCalls,
  brokerFailure,
  placement,
  reloads,
};
