import type { Listener } from './listener';
import { isWebSocket } from './listener';

/** A URL for each listener, by its name, at an address. */
export function endpointUrls(listeners: readonly Listener[], address: string): Record<string, string> {
  return Object.fromEntries(
    listeners.map(({ name, kind, port, path }) => [
      name,
      `${kind}://${address}:${port}${isWebSocket({ kind }) ? path : ''}`,
    ]),
  );
}
