import type { Balancer } from './balancer';

/** Puts client ids into a balancer's table, each with the id of its server, as if these clients had connected. */
export async function fillTable(
  { machine }: Balancer,
  table: string,
  homes: ReadonlyMap<string, number>,
): Promise<void> {
  await machine.run(['python3', '-c', filling, table], JSON.stringify([...homes]));
}

/** How many client ids a balancer's table has. */
export async function entriesOf(balancer: Balancer, table: string): Promise<number> {
  const headings = await balancer.ask('show table');
  return Number(new RegExp(`^# table: ${table}, .*used:(\\d+)`, 'm').exec(headings)?.[1]);
}

/** The id of the server of each client id in a balancer's table. */
export async function readTable(balancer: Balancer, table: string): Promise<ReadonlyMap<string, number>> {
  const shown = await balancer.ask(`show table ${table}`);
  return new Map(
    [...shown.matchAll(/ key=(\S+) .*server_id=(\d+)/g)].map(([, key = '', id]) => [key, Number(id)]),
  );
}

/** So many commands at once as fit into the buffer of HAProxy's socket. */
const filling = `
import json, socket, sys
commands = [f"set table {sys.argv[1]} key {key} data.server_id {server}" for key, server in json.load(sys.stdin)]
for first in range(0, len(commands), 100):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/run/haproxy/admin.sock")
        connection.sendall(";".join(commands[first : first + 100]).encode() + b"\\n")
        connection.shutdown(socket.SHUT_WR)
        if answer := b"".join(iter(lambda: connection.recv(65536), b"")).strip():
            sys.exit(answer.decode())
`;
