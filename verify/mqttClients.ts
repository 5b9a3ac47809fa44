import { isIP } from 'node:net';
import { type PeerCertificate, checkServerIdentity, connect as connectTls } from 'node:tls';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { Warning, eventually } from './checks';

export type ProtocolVersion = 4 | 5;

export const protocolNames: Readonly<Record<ProtocolVersion, string>> = { 4: 'MQTT 3.1.1', 5: 'MQTT 5' };

export interface Dial {
  readonly url: string;
  readonly ca: string;
  /** Whom the server's certificate must name, where `url` leads there by another way. */
  readonly certificateHost?: string;
  /** For listeners that demand one. */
  readonly clientCertificate?: ClientCertificate;
  readonly username?: string;
  readonly password?: string;
  /** The name that a broker knows the client by; undefined where nobody proved one. */
  readonly provenName?: string;
  /** Why no client of this listener can be had here. */
  readonly unknown?: string;
}

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

const connectTimeoutMs = 3_000;
/** A takeover may be under way. */
const limitMs = 10_000;

/** Connects as `clientId`; tries again for ten seconds. */
export async function connectClient(
  dial: Dial,
  version: ProtocolVersion,
  clientId: string,
): Promise<MqttClient> {
  if (dial.unknown !== undefined) throw new Warning(dial.unknown);
  return eventually(limitMs, 200, () => connectOnce(dial, version, clientId));
}

/** One attempt; a refusal by CONNACK is an error whose `code` is its reason. */
export function connectOnce(dial: Dial, version: ProtocolVersion, clientId: string): Promise<MqttClient> {
  const options: IClientOptions = {
    clientId,
    protocolVersion: version,
    clean: true,
    keepalive: 60,
    reconnectPeriod: 0,
    connectTimeout: connectTimeoutMs,
    ca: dial.ca,
    rejectUnauthorized: true,
    ...dial.clientCertificate,
    ...(dial.certificateHost === undefined ? {} : named(dial, dial.certificateHost)),
    ...(dial.username === undefined ? {} : { username: dial.username }),
    ...(dial.password === undefined ? {} : { password: dial.password }),
  };
  const client = connect(dial.url, options);
  return new Promise((done, failed) => {
    const fail = (error: Error) => {
      client.end(true);
      failed(error);
    };
    client.once('connect', () => {
      client.removeListener('close', closed);
      // From here on a lost connection shows as a message that does not arrive.
      client.on('error', () => undefined);
      done(client);
    });
    const closed = () =>
      fail(new Error(`${dial.url} closed the connection of ${clientId} before its CONNACK`));
    client.once('close', closed);
    client.once('error', fail);
  });
}

/** The library hands these on by itself, but for a WebSocket's, whose connection is made here. */
function named({ url, ca, clientCertificate }: Dial, host: string): IClientOptions {
  const tls = {
    // An address cannot be told to the server.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  };
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'wss:') return tls;
  const createConnection = () =>
    connectTls({ host: hostname, port: Number(port), ca, ...clientCertificate, ...tls });
  return { wsOptions: { createConnection } };
}

/** A request's answer; the library itself waits without end when the connection closes meanwhile. */
export function settled<T>(client: MqttClient, request: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((done, failed) => {
    const fail = (what: string) => failed(new Error(what));
    const closed = () => fail('the broker closed the connection instead of answering');
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    client.once('close', closed);
    request.then(done, failed).finally(() => {
      clearTimeout(timer);
      client.removeListener('close', closed);
    });
    if (!client.connected) closed();
  });
}

/** Publishes on one connection and waits until the other has it; returns the QoS that it came with. */
export async function deliver(
  from: MqttClient,
  to: MqttClient,
  topic: string,
  qos: 0 | 1 | 2,
  timeoutMs: number,
): Promise<number> {
  await settled(to, to.subscribeAsync(topic, { qos: 2 }), timeoutMs);
  await untilRouted(from, to, topic, timeoutMs);
  const payload = `${topic} at ${qos}`;
  let stop: () => void = () => undefined;
  const received = new Promise<number>((done, failed) => {
    const timer = setTimeout(
      () => failed(new Error(`nothing arrived within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const onMessage = (at: string, body: Buffer, packet: { readonly qos: number }) => {
      if (at === topic && body.toString() === payload) done(packet.qos);
    };
    to.on('message', onMessage);
    stop = () => {
      clearTimeout(timer);
      to.removeListener('message', onMessage);
    };
  });
  try {
    const [arrived] = await Promise.all([
      received,
      settled(from, from.publishAsync(topic, payload, { qos }), timeoutMs),
    ]);
    return arrived;
  } finally {
    stop();
  }
}

/** A SUBACK is one broker's word: the others learn of it a moment later, on EMQX too, and until then deliver nothing. */
async function untilRouted(from: MqttClient, to: MqttClient, topic: string, limit: number): Promise<void> {
  const probe = 'is there a way?';
  const arrivals: string[] = [];
  const onMessage = (at: string, body: Buffer) => {
    if (at === topic && body.toString() === probe) arrivals.push(at);
  };
  to.on('message', onMessage);
  try {
    await eventually(limit, 50, async () => {
      if (arrivals.length > 0) return;
      await settled(from, from.publishAsync(topic, probe, { qos: 0 }), limit);
      throw new Error(`nothing arrived within ${limit / 1000} s`);
    });
  } finally {
    to.removeListener('message', onMessage);
  }
}
