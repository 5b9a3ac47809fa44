import { EstablishedClients, userSchema } from './clients';
import { Probes } from '../../proving/pair/probes';
import { numberedRequestSchema, type Reply, type WatcherRequest } from './watcherRequest';

/** Started by `Watcher`, in the network that clients are in: opens probes at once and answers what it is asked. */
const [host = '', port = ''] = process.argv.slice(2);
const user = userSchema.parse(JSON.parse(process.env['MQTT_USER'] ?? '{}'));
const probes = new Probes(host, Number(port), user);
let clients: EstablishedClients | undefined;

async function answer(request: WatcherRequest): Promise<unknown> {
  switch (request.call) {
    case 'isServed':
      return probes.isServed(request.since);
    case 'longestGap':
      return probes.longestGap(request.from, request.to);
    case 'servedAfter':
      return probes.servedAfter(request.moment);
    case 'connectClients':
      clients = await EstablishedClients.connect(host, Number(port), user, request.keepaliveSeconds);
      return undefined;
    case 'areClientsServed':
      return connected().areServed(request.faultAt, request.restoredAt);
    case 'clientOutage':
      return connected().outage(request.faultAt, request.restoredAt);
  }
}

function connected(): EstablishedClients {
  if (clients === undefined) throw new Error('no clients were connected: ask connectClients first');
  return clients;
}

/** Whoever asked may be gone before it is answered. */
function reply(message: Reply): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

process.on('message', (message) => {
  const { id, request } = numberedRequestSchema.parse(message);
  answer(request).then(
    (result) => reply({ id, result }),
    (error: unknown) => reply({ id, error: String(error) }),
  );
});
// The connections that are open here end with it: nobody waits for a goodbye.
process.on('disconnect', () => process.exit(0));
probes.start();
