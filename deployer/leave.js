// @ts-check
'use strict';

/**
 * Has a host leave before its instance goes (`leave`), or start again what it had stopped when it stays after all
 * (`stay`). It runs by `node -e` on the machine that runs Pulumi, as text that the stack's state keeps, so it has Node's
 * own modules, `ssh` and what EMQX_HAPROXY_LEAVING tells it, and nothing else. Every wait in it ends.
 *
 * @typedef {{ address: string, port: number, user: string, privateKey: string, hostKey: string }} Endpoint
 * @typedef {Endpoint & { hostname: string, jump?: Endpoint }} Way
 * @typedef {{ line: string, seconds: number }} Task a line of shell, and how long it may take
 * @typedef {object} Told
 * @property {Way} host
 * @property {string} instanceId whose going this is about
 * @property {Task} leave
 * @property {Task} stay
 * @property {readonly Way[]} others hosts of its kind that can say whether it still serves
 * @property {Task} without asked of one of them: exit 0, it does not serve and is forgotten; 1, it does; else it cannot say
 * @property {number} answerSeconds how long a host is tried before it is said not to answer
 * @property {number} trySeconds how long one try may take
 */

const { spawn } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** Of `leave` on a host: it has stopped, and the others still count it among them. */
const notForgotten = 4;
/** Of `ssh` itself: there was no way in, or the connection was lost. */
const noConnection = 255;
/** How often a host that answers may lose the connection while it leaves. */
const mostLosses = 3;

/** @type {Told} */
const told = JSON.parse(process.env['EMQX_HAPROXY_LEAVING'] ?? '');
const folder = mkdtempSync(join(tmpdir(), 'emqx-haproxy-'));
/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();

/** @returns {Promise<number>} the exit code */
async function leave() {
  const { host, instanceId, leave: task } = told;
  for (let losses = 0; losses < mostLosses; losses += 1) {
    const answer = await askInstance(host);
    if (answer.instanceId === undefined) return goOnWithout(answer.reason);
    if (answer.instanceId !== instanceId) return 0;
    const ran = await run(host, task.line, task.seconds, say);
    if (ran.isLate) return refuse(`${host.hostname} has not left within ${task.seconds} s`);
    if (ran.code === notForgotten) await askOthers();
    if (ran.code === 0 || ran.code === notForgotten) return 0;
    if (ran.code !== noConnection) return refuse(`${host.hostname} has not left: exit code ${ran.code}`);
    say(`${host.hostname}: the connection was lost (${ran.reason}); trying it again`);
  }
  return refuse(`${host.hostname} answers, but loses the connection each time that it is to leave`);
}

async function stay() {
  const { host, stay: task } = told;
  const answer = await askInstance(host);
  if (answer.instanceId === undefined) return refuse(`${host.hostname} does not answer: ${answer.reason}`);
  const ran = await run(host, task.line, task.seconds, say);
  return ran.code === 0
    ? 0
    : refuse(`${host.hostname}: ${ran.isLate ? `not done in ${task.seconds} s` : ran.reason}`);
}

/**
 * A host that does not answer has left when the others do without it. Where nobody answers, it may be the way in that is
 * lost, and not the hosts.
 *
 * @param {string} reason
 */
async function goOnWithout(reason) {
  const { host, others, answerSeconds } = told;
  const silent = `${host.hostname} has not answered for ${answerSeconds} s (${reason})`;
  if (others.length === 0) {
    say(`${silent}; there is no other of its kind to ask, so this goes on without it`);
    return 0;
  }
  const { saidBy, serves, reasons } = await askOthers();
  if (saidBy === undefined)
    return refuse(
      `${silent}, nor does anybody who could say whether it serves (${reasons.join('; ')}). ` +
        'Mend the way in from this machine, or one of them. If they are all gone, terminate their instances ' +
        '(aws ec2 terminate-instances) and run `pulumi up --refresh`',
    );
  if (serves)
    return refuse(`${silent}, but ${saidBy} finds that it serves: mend its SSH, then run this again`);
  say(`${silent}, and ${saidBy} does without it: this goes on`);
  return 0;
}

/** The first of the others that can say. */
async function askOthers() {
  const { others, without } = told;
  /** @type {string[]} */
  const reasons = [];
  for (const other of others) {
    const answer = await askInstance(other);
    if (answer.instanceId === undefined) {
      reasons.push(`${other.hostname}: ${answer.reason}`);
      continue;
    }
    const ran = await run(other, without.line, without.seconds, (line) => say(`${other.hostname}: ${line}`));
    if (!ran.isLate && (ran.code === 0 || ran.code === 1))
      return { saidBy: other.hostname, serves: ran.code === 1, reasons };
    reasons.push(`${other.hostname}: ${ran.isLate ? `no answer in ${without.seconds} s` : ran.reason}`);
  }
  return { saidBy: undefined, serves: false, reasons };
}

/**
 * Which instance a host is, tried again and again for a while.
 *
 * @param {Way} host
 * @returns {Promise<{ instanceId: string } | { instanceId: undefined, reason: string }>}
 */
async function askInstance(host) {
  const begunAt = Date.now();
  for (;;) {
    const lines = /** @type {string[]} */ ([]);
    const ran = await run(host, 'cat /var/lib/cloud/data/instance-id', told.trySeconds, (line) =>
      lines.push(line),
    );
    if (ran.code === 0) return { instanceId: lines.join('').trim() };
    if (Date.now() - begunAt >= told.answerSeconds * 1000)
      return {
        instanceId: undefined,
        reason: ran.isLate ? `nothing within ${told.trySeconds} s` : ran.reason,
      };
    await new Promise((done) => setTimeout(done, 500));
  }
}

/**
 * Runs a line of shell on a host; what it prints is passed on, line by line.
 *
 * @param {Way} host
 * @param {string} line
 * @param {number} seconds
 * @param {(line: string) => void} hear
 * @returns {Promise<{ code: number, isLate: boolean, reason: string }>} reason: the last that was printed
 */
async function run(host, line, seconds, hear) {
  const isGrouped = process.platform !== 'win32';
  const child = spawn('ssh', ['-F', configurationFor(host), host.hostname, line], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what leads through a jump host ends with it.
    detached: isGrouped,
  });
  children.add(child);
  let isLate = false;
  let reason = '';
  const timer = setTimeout(() => {
    isLate = true;
    end(child);
  }, seconds * 1000);
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text) => {
      const lines = `${rest}${text}`.split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const each of lines.filter((it) => it !== '')) {
        reason = each;
        hear(each);
      }
    });
  }
  try {
    const code = await new Promise((done, failed) => {
      child.on('error', failed);
      child.on('close', (exit) => done(exit ?? noConnection));
    });
    return { code, isLate, reason: reason === '' ? `exit code ${code}` : reason };
  } catch (error) {
    throw new Error(
      `this machine cannot run \`ssh\`, by which hosts leave: ${String(error)}. Install OpenSSH's client`,
      {
        cause: error,
      },
    );
  } finally {
    clearTimeout(timer);
    children.delete(child);
  }
}

/**
 * Of `ssh` for one host: its own key and no other, nobody asked for anything, and an end to every silence.
 *
 * @param {Way} host
 */
function configurationFor(host) {
  const path = (/** @type {string} */ name) => join(folder, `${host.hostname}.${name}`);
  const ends = [
    { name: host.hostname, end: host },
    ...(host.jump ? [{ name: `${host.hostname}-jump`, end: host.jump }] : []),
  ];
  for (const { name, end } of ends)
    writeFileSync(join(folder, `${name}.key`), end.privateKey.trimEnd() + '\n', { mode: 0o600 });
  writeFileSync(path('known'), ends.map(({ name, end }) => `${name} ${end.hostKey.trim()}\n`).join(''));
  const sections = ends.map(({ name, end }, index) => [
    `Host ${name}`,
    `  HostName ${end.address}`,
    `  Port ${end.port}`,
    `  User "${end.user}"`,
    `  HostKeyAlias ${name}`,
    `  IdentityFile "${join(folder, `${name}.key`)}"`,
    ...(index === 0 && host.jump ? [`  ProxyJump ${host.hostname}-jump`] : []),
  ]);
  const common = [
    'Host *',
    '  BatchMode yes',
    '  StrictHostKeyChecking yes',
    `  UserKnownHostsFile "${path('known')}"`,
    `  GlobalKnownHostsFile "${path('none')}"`,
    '  UpdateHostKeys no',
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    '  PreferredAuthentications publickey',
    '  ControlPath none',
    '  ConnectTimeout 10',
    '  ServerAliveInterval 5',
    '  ServerAliveCountMax 6',
    '  LogLevel ERROR',
  ];
  writeFileSync(path('config'), [...sections, common].map((lines) => lines.join('\n')).join('\n\n') + '\n');
  return path('config');
}

/** @param {import('node:child_process').ChildProcess} child */
function end(child) {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/** @param {string} why */
function refuse(why) {
  process.stderr.write(`${why}\n`);
  return 1;
}

/** Whoever asked for this and is gone has changed their mind: a host that is heard by nobody takes its drain back. */
function endWhenAlone() {
  const asker = process.ppid;
  const stop = () => {
    children.forEach(end);
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.stdout.on('error', stop);
  setInterval(() => {
    if (process.ppid !== asker) stop();
  }, 500).unref();
}

endWhenAlone();
(process.argv[1] === 'leave' ? leave() : stay())
  .catch((error) => refuse(error instanceof Error ? error.message : String(error)))
  .then((code) => {
    rmSync(folder, { recursive: true, force: true });
    process.exitCode = code;
  });
