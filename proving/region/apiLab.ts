import { request } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Region } from '../../lab/api/ec2/region';
import { Moto } from '../../lab/api/moto';
import { ensureCa } from '../../lab/api/pki';
import { serveRegion, type RegionServer } from '../../lab/api/regionServer';
import { FakeFabric, FakeMachines } from './fakes';

export const regionName = 'eu-central-1';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The region on loopback, with real moto, and the real SDK's clients for it. */
export class ApiLab {
  private constructor(
    readonly region: Region,
    readonly fabric: FakeFabric,
    readonly machines: FakeMachines,
    readonly server: RegionServer,
    readonly authorityPem: string,
    readonly folder: string,
    private readonly moto: Moto,
  ) {}

  static async open(): Promise<ApiLab> {
    const folder = mkdtempSync(join(tmpdir(), 'lab-api-'));
    const fabric = new FakeFabric();
    const machines = new FakeMachines();
    const moto = await Moto.start((reason) => {
      throw new Error(reason);
    });
    const region = new Region({
      name: regionName,
      fabric,
      machines,
      moto,
      elasticIpRange: '198.51.100.0/24',
    });
    const authority = await ensureCa(join(folder, 'pki'));
    const server = await serveRegion(region, authority, join(folder, 'packages'), {
      host: '127.0.0.1',
      runnerAddress: '127.0.0.1',
      runnerPort: 0,
      tlsPort: 0,
      httpPort: 0,
      metadataPort: 0,
      resolverPort: 0,
    });
    return new ApiLab(region, fabric, machines, server, authority.certificatePem, folder, moto);
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.moto.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Clients with the runner's key on the plain port. */
  readonly runner = {
    ec2: () => new EC2Client(this.plain()),
    iam: () => new IAMClient(this.plain()),
    secrets: () => new SecretsManagerClient(this.plain()),
    ssm: () => new SSMClient(this.plain()),
    sts: () => new STSClient(this.plain()),
  };

  /** Clients as on a host: by the real name, with TLS of the lab's CA, and a role's credentials. */
  host(credentials: Keys) {
    const httpsAgent = new Agent({
      ca: this.authorityPem,
      lookup: (_name, options, done) => {
        if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
        else done(null, '127.0.0.1', 4);
      },
    });
    const configuration = (service: string) => ({
      region: regionName,
      endpoint: `https://${service}.${regionName}.amazonaws.com:${this.server.ports.tls}`,
      credentials,
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ httpsAgent }),
    });
    return {
      ec2: new EC2Client(configuration('ec2')),
      secrets: new SecretsManagerClient(configuration('secretsmanager')),
      ssm: new SSMClient(configuration('ssm')),
      sts: new STSClient(configuration('sts')),
      close: () => httpsAgent.destroy(),
    };
  }

  private plain() {
    return { ...this.runnerAccess, region: regionName, maxAttempts: 1 };
  }

  /** How a client of the SDK reaches the region as the one who runs `pulumi`. */
  get runnerAccess() {
    return {
      endpoint: `http://127.0.0.1:${this.server.ports.runner}`,
      credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
    };
  }
}

export interface PlainAnswer {
  readonly status: number;
  readonly text: string;
}

/** An HTTP request without an SDK; `from` chooses the source address on loopback. */
export async function plainRequest(options: {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
}): Promise<PlainAnswer> {
  return new Promise((done, failed) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: options.port,
        path: options.path,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
        agent: false,
        ...(options.from === undefined ? {} : { localAddress: options.from }),
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => done({ status: answer.statusCode ?? 0, text }));
      },
    );
    outgoing.on('error', failed);
    outgoing.end();
  });
}
