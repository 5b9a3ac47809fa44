import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../program';
import { UsageError, type Command } from './command';
import { withInterrupts } from './interrupt';
import { machines } from './machines';
import { outputsJson } from './outputs';
import { requireRoot } from './preflight';
import { filled } from './references';

/** A page of a host, and who logs in there. */
export interface Page {
  readonly url: URL;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

export const open: Command = {
  arguments: 'PAGE',
  summary: 'show a page of a host in the browser, or say how to reach it; lab.yaml names the pages',
  run: async (args, program) => {
    const [name, ...more] = args;
    const { pages } = program();
    if (name === undefined || more.length > 0 || !Object.hasOwn(pages, name)) {
      const names = Object.keys(pages).join(', ');
      throw new UsageError(`open takes a page of the program, of which there are: ${names || 'none'}`);
    }
    requireRoot();
    const page = pageOf(program(), name, JSON.parse(await outputsJson(program())));
    const { server, forwarder } = await forwarded(page.url, await machineAt(page.url.hostname));
    const here = new URL(page.url);
    here.host = `127.0.0.1:${portOf(server)}`;
    server.close();
    const browser = browserOf(process.env);
    if (browser !== undefined) show(browser, here);
    process.stdout.write(told({ ...page, url: here }, browser, process.env));
    return untilInterrupted(forwarder);
  },
};

/** A page that lab.yaml names, by what the stack puts out. */
export function pageOf(program: Pick<Program, 'pages'>, name: string, outputs: unknown): Page {
  const { url, user, password } = program.pages[name] ?? { url: '' };
  const known = (part: string, text: string): string => {
    const value = filled(text, outputs);
    if (value === undefined)
      throw new Error(`pages.${name}.${part}: the stack does not put out all of ${text}`);
    return value;
  };
  const filledUrl = known('url', url);
  if (!URL.canParse(filledUrl)) throw new Error(`pages.${name}.url: is ${filledUrl}; a URL is needed`);
  return {
    url: new URL(filledUrl),
    user: user && known('user', user),
    password: password && known('password', password),
  };
}

/** The init of the machine that has a private address; undefined for other addresses, which this machine reaches itself. */
async function machineAt(address: string): Promise<number | undefined> {
  const found = (await machines()).find(({ privateIp }) => privateIp === address);
  if (found !== undefined && found.initPid === undefined)
    throw new Error(`${found.name} does not run: it is ${found.state}`);
  return found?.initPid;
}

/** A port of this machine that leads to a URL's host as it is seen in the network of a process. */
export async function forwarded(
  url: URL,
  within: number | undefined,
): Promise<{ readonly server: Server; readonly forwarder: ChildProcess }> {
  const port = url.port === '' ? { 'http:': '80', 'https:': '443' }[url.protocol] : url.port;
  if (port === undefined) throw new Error(`${url.href} has no port`);
  const server = await listening(Number(port));
  const program = join(__dirname, 'forwarder.ts');
  const node = [process.execPath, '--require', require.resolve('tsx/cjs'), program, url.hostname, port];
  const [command = '', ...args] =
    within === undefined ? node : ['nsenter', '--target', String(within), '--net', ...node];
  const forwarder = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await new Promise<void>((done, failed) => {
    forwarder.on('error', failed);
    forwarder.on('exit', () => failed(new Error(`nothing leads to ${url.host}`)));
    forwarder.send('forward', server, (error) => (error === null ? done() : failed(error)));
  });
  return { server, forwarder };
}

/** The same port as there, so that an address looks familiar; another one where that is taken. */
async function listening(port: number): Promise<Server> {
  for (const wanted of [port, 0]) {
    const server = createServer();
    try {
      await once(server.listen(wanted, '127.0.0.1'), 'listening');
      return server;
    } catch (error) {
      if (wanted === 0) throw error;
    }
  }
  throw new Error('no port of 127.0.0.1 is free');
}

/** A server that listens has an address with a port. */
function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** BROWSER is what editors set that show pages of a remote machine at home; a screen elsewhere is none of ours. */
export function browserOf(env: NodeJS.ProcessEnv): string | undefined {
  const { BROWSER: browser, DISPLAY: x11, WAYLAND_DISPLAY: wayland, SSH_CONNECTION: ssh } = env;
  if (browser) return browser;
  return ssh === undefined && (x11 ?? wayland) ? 'xdg-open' : undefined;
}

/** Where it does not start, the address that is told is what there is. */
function show(browser: string, { href }: URL): void {
  const child = spawn(browser, [href], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

export function told(
  { url, user, password }: Page,
  browser: string | undefined,
  env: NodeJS.ProcessEnv,
): string {
  const login = [user && `user ${user}`, password && `password ${password}`].filter(Boolean).join(', ');
  // The address that the client of an SSH session came to is one that it reaches.
  const address = env['SSH_CONNECTION']?.split(' ')[2] ?? hostname();
  const elsewhere =
    `No browser here. From your own machine: ` +
    `ssh -N -L ${url.port}:${url.host} ${env['SUDO_USER'] ?? userInfo().username}@${address}\n` +
    `and open the same address there.`;
  return [
    `${url.href}${login && `   ${login}`}`,
    ...(browser === undefined ? [elsewhere] : []),
    'Ctrl-C ends it.',
    '',
  ].join('\n');
}

/** Ctrl-C is how it is meant to end. */
async function untilInterrupted(forwarder: ChildProcess): Promise<number> {
  return withInterrupts(
    () => forwarder.kill(),
    async () => {
      if (forwarder.exitCode === null && forwarder.signalCode === null) await once(forwarder, 'exit');
      return forwarder.exitCode ?? 0;
    },
  );
}
