import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { parsePreview } from './pulumiPreview';
import { renderMarkdown, renderText } from './render';
import { reportOf } from './report';

const usage = `npm run preview -- --stack STACK [--markdown]

What \`pulumi up\` would do: host by host, in order, what happens to it and to clients, then each changed line.

  --stack STACK     the stack
  --markdown        for a comment on a pull request
  --json FILE       take the output of \`pulumi preview --json\` in FILE, or - for standard input, and run nothing

Exits with 1 where the preview failed; what it said is printed all the same.
`;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stack: { type: 'string' },
      markdown: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { stack, json, markdown, help } = values;
  if (help || (stack === undefined && json === undefined)) {
    process.stdout.write(usage);
    return help ? 0 : 2;
  }
  const printed = json === undefined ? await runPulumi(stack ?? '') : { text: await read(json), code: 0 };
  // An engine that fails early prints its reason on standard error, and no JSON.
  if (printed.text.trim() === '' && printed.code !== 0) return 1;
  const preview = parsePreview(printed.text);
  const report = reportOf(preview);
  process.stdout.write(markdown ? renderMarkdown(report, stack ?? 'stack') : renderText(report));
  const failed = printed.code !== 0 || preview.messages.some(({ severity }) => severity === 'error');
  return failed ? 1 : 0;
}

async function read(path: string): Promise<string> {
  return path === '-' ? text(process.stdin) : readFileSync(path, 'utf8');
}

async function runPulumi(stack: string): Promise<{ readonly text: string; readonly code: number }> {
  process.stderr.write(`previewing ${stack}\n`);
  const command = ['preview', '--json', '--non-interactive', '--stack', stack];
  const child = spawn('pulumi', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number>((done, failed) => {
    child.on('error', (error) => failed(new Error(`pulumi did not run: ${error.message}`)));
    child.on('close', (code) => done(code ?? 1));
  });
  const [printed, code] = await Promise.all([text(child.stdout), ended]);
  return { text: printed, code };
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
