import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { paths } from '../paths';
import { run } from '../process';
import { AwsError } from './awsError';
import type { Parameters } from './parameters';
import { partitionOf } from './partition';
import { XmlNode } from './xml';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const requirements = join(__dirname, 'requirements.txt');

/** Makes the virtual environment with moto when it is missing or of other versions; gives the path of its bin. */
export async function ensureMoto(): Promise<string> {
  const bin = join(paths.venv, 'bin');
  const stamp = join(paths.venv, 'requirements.sha256');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return bin;
  rmSync(paths.venv, { recursive: true, force: true });
  mkdirSync(dirname(paths.venv), { recursive: true });
  try {
    await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
    await run('python3', ['-m', 'venv', paths.venv], { log: 'moto-install' });
  } catch (cause) {
    const remedy = 'install it (Debian: apt-get install python3-venv) and try again';
    throw new Error(`the lab's AWS API needs python3 of 3.10 or newer with its venv module; ${remedy}`, {
      cause,
    });
  }
  await run(join(bin, 'pip'), ['install', '--quiet', '--requirement', requirements], { log: 'moto-install' });
  // Last, so that an interrupted installation is repeated.
  writeFileSync(stamp, wanted);
  return bin;
}

/** What the front asks of moto. */
export type MotoApi = Pick<Moto, 'forward' | 'query' | 'json'>;

/** moto on loopback, for the region's front only. */
export class Moto {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });

  private constructor(
    private readonly port: number,
    private readonly end: () => Promise<void>,
  ) {}

  static async start(onExit: (reason: string) => void): Promise<Moto> {
    const bin = await ensureMoto();
    const port = await freePort();
    // With its parent's death it ends too, however that one dies.
    const child = spawn(
      'setpriv',
      [
        '--pdeathsig',
        'KILL',
        join(bin, 'python'),
        '-m',
        'moto.server',
        '-H',
        '127.0.0.1',
        '-p',
        String(port),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...motoEnvironment } },
    );
    let tail = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-4000);
    });
    let ending = false;
    const ended = new Promise<void>((done) => {
      child.on('error', (error) => {
        tail += error.message;
        done();
      });
      child.on('exit', () => {
        done();
        if (!ending) onExit(`moto ended by itself:\n${tail}`);
      });
    });
    const moto = new Moto(port, async () => {
      ending = true;
      child.kill('SIGKILL');
      await ended;
    });
    await Promise.race([
      moto.untilReady(),
      ended.then(() => {
        throw new Error(`moto did not start:\n${tail}`);
      }),
    ]);
    return moto;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.end();
  }

  /** Passes a request on as it is. */
  async forward(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
  ): Promise<HttpAnswer> {
    return new Promise((done, failed) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.port,
          agent: this.agent,
          method,
          path,
          headers: { ...endToEnd(headers), 'content-length': String(body.length) },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', failed);
          answer.on('end', () => {
            const flat = Object.entries(answer.headers).map(
              ([name, value]) => [name, String(value)] as const,
            );
            done({
              status: answer.statusCode ?? 502,
              headers: endToEnd(Object.fromEntries(flat)),
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.setTimeout(60_000, () => outgoing.destroy(new Error('moto gave no answer for 60 s')));
      outgoing.on('error', failed);
      outgoing.end(body);
    });
  }

  /** A call of the lab's own in the query protocol (EC2, IAM, STS); an error answer is thrown. */
  async query(service: string, region: string, parameters: Parameters): Promise<XmlNode> {
    const answer = await this.forward(
      'POST',
      '/',
      { ...ownHeaders(service, region), 'content-type': 'application/x-www-form-urlencoded' },
      Buffer.from(parameters.encode()),
    );
    const root = XmlNode.parse(answer.body.toString());
    if (answer.status < 300) return root;
    const error = service === 'ec2' ? root.child('Errors').child('Error') : root.child('Error');
    throw new AwsError(error.text('Code') || 'InternalError', error.text('Message'), answer.status);
  }

  /** A call of the lab's own in the JSON protocol (Secrets Manager, SSM). */
  async json(service: string, region: string, target: string, input: object): Promise<unknown> {
    const answer = await this.forward(
      'POST',
      '/',
      {
        ...ownHeaders(service, region),
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': target,
      },
      Buffer.from(JSON.stringify(input)),
    );
    const output: unknown = JSON.parse(answer.body.toString() || '{}');
    if (answer.status < 300) return output;
    throw new AwsError(jsonErrorCode(output), answer.body.toString(), answer.status);
  }

  private async untilReady(): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      try {
        await this.forward('GET', '/moto-api/data.json', {}, Buffer.alloc(0));
        return;
      } catch (error) {
        if (Date.now() > deadline) throw new Error('moto did not answer within 60 s', { cause: error });
        await new Promise((done) => setTimeout(done, 100));
      }
    }
  }
}

const motoEnvironment = {
  // Roles' policies and signatures are judged by the front.
  INITIAL_NO_AUTH_ACTION_COUNT: 'inf',
  PYTHONDONTWRITEBYTECODE: '1',
};

/** Without the headers that are about one connection only. */
function endToEnd(headers: Readonly<Record<string, string>>): Record<string, string> {
  const perConnection = ['connection', 'keep-alive', 'transfer-encoding'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !perConnection.includes(name)));
}

/** moto takes service and region from the credential scope, and checks nothing else of it. */
function ownHeaders(service: string, region: string): Record<string, string> {
  const scope = `lab/20200101/${region}/${service}/aws4_request`;
  return {
    host: `${service}.${region}.${partitionOf(region).dnsSuffix}`,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=lab`,
  };
}

function jsonErrorCode(output: unknown): string {
  if (typeof output === 'object' && output !== null && '__type' in output) return String(output.__type);
  return 'InternalError';
}

async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) done(address.port);
        else failed(new Error('no free port on loopback'));
      });
    });
  });
}
