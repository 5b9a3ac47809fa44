import { type Socket, connect as connectTcp, isIP } from 'node:net';
import {
  type ConnectionOptions,
  type PeerCertificate,
  connect as connectTls,
  rootCertificates,
} from 'node:tls';
import { type Result, Unexpected, Warning, check, eventually } from './checks';
import { judgeLifetime } from './lifetimes';
import type { Dial } from './mqttClients';

const handshakeMs = 3_000;
/** Other bytes than MQTT are seen at once; the limit only has to be well under the wait for a slow CONNECT. */
const rejectionMs = 2_000;
const settleMs = 10_000;

const encrypted: ReadonlySet<string> = new Set(['mqtts:', 'wss:']);

/** What the balancers must refuse, and what they must show to clients that ask who they are. */
export function checkEdge(endpoints: Readonly<Record<string, Dial>>): Promise<Result>[] {
  return Object.entries(endpoints).flatMap(([name, dial]) => {
    const { protocol } = new URL(dial.url);
    return [
      ...(encrypted.has(protocol)
        ? [
            check(`${name}: certificate of the exported CA, for this address`, () => shownCertificate(dial)),
            check(`${name}: refused by a client with another CA`, () => refusedCertificate(dial)),
          ]
        : []),
      // The first bytes of WebSocket are HTTP.
      ...(protocol === 'mqtt:' || protocol === 'mqtts:'
        ? [
            check(`${name}: bytes that are no MQTT are refused`, () =>
              refusedBytes(dial, protocol === 'mqtts:'),
            ),
          ]
        : []),
    ];
  });
}

async function shownCertificate(dial: Dial): Promise<string> {
  const { socket, certificate } = await eventually(settleMs, 200, () => handshake(dial, dial.ca));
  socket.destroy();
  const { subjectaltname, valid_from: from, valid_to: to } = certificate;
  const lifetime = [Date.parse(from) / 1_000, Date.parse(to) / 1_000] as const;
  const remedy = 'run `pulumi refresh` and `pulumi up`, which renew what this program made, or give another';
  const found = judgeLifetime('the certificate that clients see', lifetime, remedy, Date.now() / 1_000);
  if (found !== undefined) throw new Warning(found.text);
  return `${String(subjectaltname)}, until ${to}`;
}

async function refusedCertificate(dial: Dial): Promise<string> {
  // Any public authority will do, unless it is the one that the stack uses.
  const foreign = rootCertificates.find((root) => !dial.ca.includes(root.trim()));
  if (foreign === undefined) throw new Error('Node.js brings no certificate of another authority');
  const reason = await eventually(settleMs, 200, async () => {
    try {
      const { socket } = await handshake(dial, foreign);
      socket.destroy();
      return undefined;
    } catch (error) {
      // Anything but a refusal may be a service that is just moving.
      if (isRefusal(error)) return error.code;
      throw error;
    }
  });
  if (reason === undefined)
    throw new Unexpected('a client that trusts another CA to refuse', 'a completed handshake');
  return reason;
}

const refusals: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
]);

function isRefusal(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && refusals.has(String(error.code));
}

function handshake(
  dial: Dial,
  ca: string,
): Promise<{ readonly socket: Socket; readonly certificate: PeerCertificate }> {
  return new Promise((done, failed) => {
    const socket = connectTls(tlsOptions(dial, ca), () =>
      done({ socket, certificate: socket.getPeerCertificate() }),
    );
    socket.setTimeout(handshakeMs, () =>
      socket.destroy(new Error(`${dial.url}: no TLS handshake within ${handshakeMs / 1000} s`)),
    );
    socket.once('error', failed);
  });
}

function tlsOptions(dial: Dial, ca: string): ConnectionOptions {
  const { host, port } = address(dial.url);
  return {
    host,
    port,
    ca,
    rejectUnauthorized: true,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...dial.clientCertificate,
  };
}

async function refusedBytes(dial: Dial, tls: boolean): Promise<string> {
  const { host, port } = address(dial.url);
  const socket = await eventually(settleMs, 200, async () =>
    tls ? (await handshake(dial, dial.ca)).socket : openTcp(host, port),
  );
  const begun = performance.now();
  const outcome = await answerTo(socket, 'GET / HTTP/1.1\r\nHost: verify\r\n\r\n');
  if (outcome !== 'closed') throw new Unexpected('the connection closed without an answer', outcome);
  return `closed after ${Math.round(performance.now() - begun)} ms`;
}

function openTcp(host: string, port: number): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = connectTcp({ host, port, timeout: handshakeMs }, () => done(socket));
    socket.once('timeout', () =>
      socket.destroy(new Error(`${host}:${port}: no connection within ${handshakeMs / 1000} s`)),
    );
    socket.once('error', failed);
  });
}

/** `closed`, or what happened instead. */
function answerTo(socket: Socket, bytes: string): Promise<string> {
  return new Promise((done) => {
    socket.setTimeout(rejectionMs, () => {
      done(`no end within ${rejectionMs / 1000} s`);
      socket.destroy();
    });
    socket.once('data', (data: Buffer) => {
      done(`${data.length} bytes of an answer`);
      socket.destroy();
    });
    // A reset is as good an end as any.
    socket.on('error', () => undefined);
    socket.once('close', () => done('closed'));
    socket.write(bytes);
  });
}

function address(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
