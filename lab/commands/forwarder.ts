import { connect, Server } from 'node:net';

/**
 * Runs in the network of one machine, and is handed a listening socket of another: whoever connects there is connected
 * with HOST PORT as that machine sees them. Ends with the process that started it.
 */
function forward(server: Server, host: string, port: number): void {
  server.on('connection', (client) => {
    const there = connect(port, host);
    client.pipe(there).pipe(client);
    // What ends or breaks one side ends the other.
    for (const [one, other] of [
      [client, there],
      [there, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
}

const [host = '', port = ''] = process.argv.slice(2);
process.on('message', (_, server) => {
  if (server instanceof Server) forward(server, host, Number(port));
});
process.on('disconnect', () => process.exit());
