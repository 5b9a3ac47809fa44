import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCheckImage } from '../../proving/checkImage';
import type { Machine } from '../../proving/stage/machine';
import { startNetwork, stopNetwork } from '../../proving/stage/network';
import { ClientAuthority, type ClientIdentity } from '../../proving/stage/pki';
import { makeCertificates, type Certificates } from '../../proving/certificates';
import { MosquittoBrokers } from './brokers';
import { LoadProcesses, type LoadTarget } from './load';
import { systems, type System } from './systems';
import { tuneClients } from './tuning';

/** Of more than the processors can keep busy, so that none of them waits. */
const loadProcessCount = 8;

/** What all contestants share: a network, the brokers behind, the clients in front, the certificates of both sides. */
export class Site {
  private addresses = 30;

  private constructor(
    readonly network: Machine,
    readonly brokers: MosquittoBrokers,
    readonly load: LoadProcesses,
    readonly certificates: Certificates,
    /** The authority of client certificates. */
    readonly clientAuthority: string,
    private readonly layers: ReadonlyMap<System['os'], readonly string[]>,
    private readonly folder: string,
  ) {}

  /** Only in a network namespace without any device. */
  static async start(): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const layers = new Map<System['os'], readonly string[]>();
    for (const { os } of Object.values(systems)) layers.set(os, await ensureCheckImage(os));
    const certificates = await makeCertificates();
    const authority = await ClientAuthority.make('benchmark clients');
    const client: ClientIdentity = await authority.issue('device');
    writeFileSync(join(folder, 'authority.pem'), certificates.ca);
    writeFileSync(join(folder, 'client.pem'), `${client.cert}\n${client.key}`);
    const network = await startNetwork();
    await tuneClients();
    const load = await LoadProcesses.start(loadProcessCount);
    const brokers = await MosquittoBrokers.start(network, load);
    return new Site(network, brokers, load, certificates, authority.pem, layers, folder);
  }

  /** An address that no machine has had yet. */
  newAddress(): string {
    this.addresses += 1;
    if (this.addresses > 99 && this.addresses < 130) this.addresses = 130;
    if (this.addresses > 254) this.addresses = 31;
    return `192.0.2.${this.addresses}`;
  }

  layersOf({ os }: System): readonly string[] {
    return this.layers.get(os) ?? [];
  }

  /** What a client needs for TLS, with a certificate of its own or without. */
  clientTls(mutual: boolean): NonNullable<LoadTarget['tls']> {
    const authorityFile = join(this.folder, 'authority.pem');
    return mutual ? { authorityFile, identityFile: join(this.folder, 'client.pem') } : { authorityFile };
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await this.brokers.stop();
    await stopNetwork(this.network);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
