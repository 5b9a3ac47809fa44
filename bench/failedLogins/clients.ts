import { connect } from 'node:net';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectPacket } from '../../proving/stage/clients';
import { clientAddresses } from '../../proving/stage/network';

/** What a process of clients is told, as JSON. */
export interface ClientsOrder {
  readonly host: string;
  readonly port: number;
  readonly login: { readonly username: string; readonly password: string };
  /** Devices that try again `pauseMs` after each refusal; or logins that come `everyMs`, each of a new client. */
  readonly load: { readonly devices: number; readonly pauseMs: number } | { readonly everyMs: number };
}

/** What came of the connections since it was last asked. */
export interface ClientsReport {
  /** Milliseconds from the first SYN to the CONNACK that accepts. */
  readonly acceptedMs: readonly number[];
  readonly refusedByBroker: number;
  /** Closed without a CONNACK. */
  readonly closed: number;
}

let report = { acceptedMs: [] as number[], refusedByBroker: 0, closed: 0 };

/** Connects until standard input ends; each line on it is answered with a report. */
async function main({ host, port, login, load }: ClientsOrder): Promise<void> {
  process.stdin.on('data', () => {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    report = { acceptedMs: [], refusedByBroker: 0, closed: 0 };
  });
  process.stdin.on('end', () => process.exit(0));
  const credentials = { username: login.username, password: Buffer.from(login.password) };
  const logIn = (name: string, index: number) =>
    once(host, port, clientAddresses[index % clientAddresses.length] ?? '', connectPacket(name, credentials));
  if ('everyMs' in load)
    for (let index = 0; ; index += 1) {
      void logIn(`right ${index}`, index);
      await sleep(load.everyMs);
    }
  // On a machine of their own they would take nothing from those that are timed.
  setPriority(Math.min(19, getPriority() + 5));
  const device = async (index: number) => {
    await sleep(Math.random() * load.pauseMs);
    for (;;) {
      await logIn(`wrong ${index}`, index);
      await sleep(load.pauseMs);
    }
  };
  await Promise.all(Array.from({ length: load.devices }, (_, index) => device(index)));
}

/** One connection, to what becomes of its CONNECT. */
async function once(host: string, port: number, localAddress: string, packet: Buffer): Promise<void> {
  const begun = performance.now();
  const socket = connect({ host, port, localAddress, noDelay: true });
  await new Promise<void>((done) => {
    socket.on('connect', () => socket.write(packet));
    socket.on('error', () => undefined);
    socket.once('data', (answer) => {
      if (answer[3] === 0) report.acceptedMs.push(performance.now() - begun);
      else report.refusedByBroker += 1;
      socket.removeAllListeners('close').destroy();
      done();
    });
    socket.once('close', () => {
      report.closed += 1;
      done();
    });
  });
}

void main(JSON.parse(process.argv[2] ?? '') as ClientsOrder);
