import { Socket } from 'node:net';
import { generate } from 'mqtt-packet';

const intervalMs = 10;
/** Short, or the kernel's repeat of a lost SYN after a second would be measured instead of the takeover. */
const timeoutMs = 200;
/** How long every probe has to succeed before the service counts as restored. */
const quietMs = 300;

interface Probe {
  readonly beganAt: number;
  /** When its CONNACK was read; undefined when none came in time. */
  readonly servedAt: number | undefined;
}

/** New connections, one every 10 ms, each of which must read a CONNACK. Times are milliseconds since the epoch. */
export class Probes {
  readonly #probes: Probe[] = [];
  readonly #open = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly user?: { readonly username: string; readonly password: string },
  ) {}

  start(): void {
    this.#timer = setInterval(() => this.#probe(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of this.#open) socket.destroy();
  }

  /** Whether each of the newest probes was served, and all began after `since`. */
  isServed(since: number): boolean {
    const now = epochMs();
    const newest = this.#probes.filter(({ beganAt }) => beganAt >= Math.max(since, now - quietMs));
    return now - since >= quietMs && newest.length > 0 && newest.every(({ servedAt }) => servedAt);
  }

  /** The longest time without a CONNACK between two moments, and when it ended. */
  longestGap(from: number, to: number): { readonly lengthMs: number; readonly endedAt: number } {
    const served = this.#probes
      .flatMap(({ servedAt }) => (servedAt === undefined ? [] : [servedAt]))
      .sort((a, b) => a - b);
    const before = served.filter((at) => at <= from).at(-1) ?? from;
    let previous = before;
    let longest = { lengthMs: 0, endedAt: from };
    for (const at of served.filter((each) => each > before && each <= to)) {
      if (at - previous > longest.lengthMs) longest = { lengthMs: at - previous, endedAt: at };
      previous = at;
    }
    return longest;
  }

  /** The first CONNACK after a moment. */
  servedAfter(moment: number): number | undefined {
    const later = this.#probes.flatMap(({ servedAt = 0 }) => (servedAt > moment ? [servedAt] : []));
    return later.length === 0 ? undefined : Math.min(...later);
  }

  #probe(): void {
    const beganAt = epochMs();
    const socket = new Socket();
    this.#open.add(socket);
    this.#count += 1;
    const packet = generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId: `probe-${process.pid}-${this.#count}`,
      clean: true,
      keepalive: 60,
      ...(this.user && { username: this.user.username, password: Buffer.from(this.user.password) }),
    });
    let isOver = false;
    const end = (servedAt: number | undefined) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.#open.delete(socket);
      this.#probes.push({ beganAt, servedAt });
      // Without waiting for the other side: a hundred a second would pile up.
      socket.resetAndDestroy();
    };
    const timer = setTimeout(() => end(undefined), timeoutMs);
    socket.on('error', () => end(undefined));
    socket.on('close', () => end(undefined));
    socket.on('data', (bytes: Buffer) => end(bytes[0] === connack && bytes[3] === 0 ? epochMs() : undefined));
    socket.connect({ host: this.host, port: this.port, noDelay: true }, () => socket.write(packet));
  }
}

const connack = 0x20;

/** Of the wall clock that the hosts' journals use too, with its fractions. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
