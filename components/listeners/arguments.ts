import type { BalancingMethod } from './balancing';
import type { AuthenticationKind, ListenerKind } from './listener';

/** Listeners by their names: 1 to 24 small letters, digits and hyphens, a letter first; 20 listeners at most. */
export type ListenersArgs = Record<string, ListenerArgs>;

/** One port that clients connect to. */
export interface ListenerArgs {
  /**
   * What clients speak: MQTT (`mqtt`), MQTT over TLS (`mqtts`), over WebSocket (`ws`), over WebSocket and TLS (`wss`).
   * @default the listener's name, where that is one of these; needed otherwise
   */
  kind?: ListenerKind;
  /** The port on the balancers, 1 to 65535. @default 1883 (the listener mqtt), 8883 (mqtts), 8083 (ws), 8084 (wss); needed otherwise */
  port?: number;
  /**
   * The brokers' port behind it, 1024 to 32767; each listener has its own, which no other listener's coming or going
   * changes. For more than 25,000 clients brokers open up to 39 further ports: from 20001 on for mqtt, 20101 mqtts,
   * 20201 ws, 20301 wss, and in a row between 23000 and 32600 for others.
   * @default 1883 (the listener mqtt), 1884 (mqtts), 8083 (ws), 8084 (wss); for others their `port`, but 20400 + `port` below 1024 and one between 21500 and 32500 above 32767
   */
  brokerPort?: number;
  /** IPv4 ranges that may connect. @default whoever can reach the virtual IP: the whole internet, `0.0.0.0/0`, or the VPC's range where the address is private */
  allowedCidrs?: string[];
  /**
   * IPv4 ranges of load balancers in front, which tell by PROXY protocol whom they speak for: that address counts for
   * `allowedCidrs`, `rateLimit`, logs and brokers, and nobody else is believed. These ranges may connect beside
   * `allowedCidrs`. With at most 25,000 `maxConnections`.
   * @default none
   */
  acceptProxy?: string[];
  /**
   * Where on the balancers it answers: at each of their addresses (`all`), or at the virtual IP alone (`virtualIp`), so
   * that nobody comes by a balancer's own address.
   * @default `all`
   */
  addresses?: 'all' | 'virtualIp';
  /** Clients at once, 1 to 1,000,000. @default 10000 */
  maxConnections?: number;
  /** Processes of EMQX that accept connections on each of the brokers' ports behind it, 1 to 1024. A change restarts brokers. @default 16 */
  acceptors?: number;
  /**
   * New connections a second that EMQX takes on each of the brokers' ports behind it, 1 to 1,000,000. It closes those above
   * it without a CONNACK, and clients come again: for brokers whose authentication server would not bear a whole fleet
   * at once. A change restarts brokers.
   * @default no limit
   */
  connectionsPerSecond?: number;
  /** Which broker a client gets. */
  balancing?: BalancingArgs;
  /** False passes bytes on that are no MQTT, for clients that must not be inspected. mqtt and mqtts only. @default true */
  inspect?: boolean;
  /**
   * What becomes of a whole CONNECT that HAProxy does not know, such as one of a later version or with a wrong property:
   * `close`, or `broker` passes it on, so that the client is told in a CONNACK what is wrong; each then costs a balancer
   * and a broker what a client costs that is served. Who is too many (`maxConnections`, `rateLimit`) is closed either way.
   * mqtt and mqtts, where `inspect` is on; not with `failedLogins`, which could not count what HAProxy cannot read.
   * @default `close`
   */
  refusals?: 'close' | 'broker';
  /** TLS of this listener. mqtts and wss only. @default as `haproxy.tls` says, with every server certificate */
  tls?: ListenerTlsArgs;
  /** Mutual TLS. mqtts and wss only. @default none */
  clientCertificates?: ClientCertificatesArgs;
  /**
   * By which kinds of `emqx.authentication` this listener's clients are asked, and in which order: `users`, `jwt`, `http`,
   * `postgresql`, `mysql`, `redis`, `ldap`, `clientCertificate`. Who is known to the others only is refused here. Listeners
   * that ask `users` ask all the same, in the same order: EMQX's database of users belongs to one chain.
   * @default all of them, in their order there
   */
  authentication?: AuthenticationKind[];
  /**
   * True lets anyone in, unasked, with only what `emqx.authorization` allows anonymous clients; their client ids get the
   * prefix `anonymous-`, so that none takes over the session of another.
   * @default false: who is named in `emqx.authentication`
   */
  anonymous?: boolean;
  /** The path of the WebSocket endpoint. ws and wss only. @default `/mqtt` */
  path?: string;
  /**
   * Other paths that lead to the same endpoint, such as `/ws`; a trailing slash makes no difference. ws and wss only.
   * @default none
   */
  furtherPaths?: string[];
  /** A limit on new connections. @default no limit */
  rateLimit?: RateLimitArgs;
  /** A limit on logins that the brokers refuse. mqtt and mqtts only, with `inspect`. @default no limit */
  failedLogins?: FailedLoginsArgs;
}

/** TLS of one listener, where it is to differ from the others. */
export interface ListenerTlsArgs {
  /** The oldest version that a client may use. @default that of `haproxy.tls` */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /**
   * Cipher suites by OpenSSL's names, the preferred ones first: `TLS_...` for TLS 1.3, others for 1.2; a version for which
   * none is named keeps its own. `ECDHE-RSA-AES128-SHA256` and the like (CBC) and `AES128-SHA` and the like (no forward
   * secrecy) are for chips that have nothing better.
   * @default ECDHE with AES-GCM or ChaCha20
   */
  suites?: string[];
  /** Curves of the key exchange, the preferred ones first: `X25519`, `P-256`, `P-384`, `P-521`. @default what OpenSSL has */
  curves?: string[];
  /**
   * False gives clients no session tickets, for those that stumble over them: each connection is a full handshake.
   * @default true
   */
  tickets?: boolean;
  /**
   * The server certificates that it shows, by name: `ecdsa` and `rsa` of those that are made; `server` and the `name` of
   * each of `certificates.further` of those that are given. A client that asks for no name gets the first.
   * @default all of them
   */
  certificates?: string[];
}

/** How a listener spreads its clients over the brokers. */
export interface BalancingArgs {
  /**
   * `clientId` (consistent hash: the same client finds the same broker through either balancer), `clientIdTable` (a
   * stick table that the balancers share), `roundRobin`, `sourceAddress` or `leastConnections`. Weights of brokers
   * count in all of them. Where a certificate's CN is the client id (`identity`), clients are placed by that, on wss too.
   * @default `clientId` where a client id is seen in the first packet, `leastConnections` where not: on ws and wss, and where `inspect` is false
   */
  method?: BalancingMethod;
  /** clientIdTable: how many client ids are remembered, 1,000 to 10,000,000, and no fewer than `maxConnections`; EMQX's guide has 100,000. @default 100000, or `maxConnections` where that is more */
  entries?: number;
  /** clientIdTable: how long after its last connection, in seconds, 60 to 2,592,000; EMQX's guide has 1800. @default 1800 */
  expireSeconds?: number;
  /** clientIdTable: characters of the id that count, 16 to 1024; the guide's 32 puts ids with a common prefix together. @default 128 */
  keyLength?: number;
  /**
   * How long the share of new clients of a broker that comes back grows, in seconds, 1 to 3600. Not for clientId and
   * sourceAddress: their hash would send clients elsewhere meanwhile.
   * @default none
   */
  slowStartSeconds?: number;
}

/** A limit on new connections for each source address. */
export interface RateLimitArgs {
  /** New connections that one address may make in a period, 1 to 1,000,000. */
  connectionsPerSource: number;
  /** The period in seconds, 1 to 3600. @default 10 */
  periodSeconds?: number;
  /** Ranges without a limit: a fleet behind one NAT shares an address, and all of it reconnects at once. @default none */
  sparedCidrs?: string[];
}

/**
 * A limit on logins that the brokers refuse for their user name, password or client id, counted by the balancer from
 * their CONNACKs. What is above it is closed by the balancer without asking a broker, until the count of the last
 * period is below it again.
 */
export interface FailedLoginsArgs {
  /**
   * Refusals in a period of the same client id, user name and password from one address, 1 to 1,000,000. Nobody else is
   * shut out by it, behind one NAT neither, and who comes with other credentials is asked about at once.
   * @default 5
   */
  perLogin?: number;
  /**
   * Refusals in a period of one address, whatever the logins, 1 to 1,000,000: against who guesses. From there only
   * logins pass then that a broker took within the last day from the same address, so that devices behind a NAT come
   * back; new ones wait.
   * @default no limit
   */
  perSource?: number;
  /** The period in seconds, 1 to 3600. @default 60 */
  periodSeconds?: number;
}

/** Certificates that clients show (mutual TLS), for mqtts and wss. */
export interface ClientCertificatesArgs {
  /** `required` refuses a client without a certificate; `optional` takes both. */
  verify: 'optional' | 'required';
  /**
   * PEM of the CAs that sign the clients' certificates, each with all that lead from it up to its root. CAs below these
   * may be left out where clients send them beside their own certificate.
   */
  ca: string;
  /** PEM of revocation lists: one of every CA of a client's chain, root and those in between, empty if need be. @default none */
  crl?: string;
  /**
   * What happens once a list should have been renewed: `refuse` turns every client away, as OpenSSL does; `keep` goes by
   * the old list. Two weeks before, or a third of the list's time, the preview and the balancers' journals warn.
   * @default `refuse`
   */
  afterCrlEnds?: 'refuse' | 'keep';
  /**
   * PEM of clients' certificates, each with those that the client sends after it, without keys. The preview refuses what
   * would turn one of them away; they go nowhere else. With the list of a root CA alone it needs one, to know whether
   * clients come by a CA in between.
   * @default none
   */
  samples?: string[];
  /** What the broker makes of the certificate's CN: nothing, the user name, or the client id; the last two need `required`. @default `none` */
  identity?: 'none' | 'username' | 'clientid';
}
