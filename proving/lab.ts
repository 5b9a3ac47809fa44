import { spawn, type ChildProcess } from 'node:child_process';
import { repositoryRoot } from './product';

/** What the lab's command line printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `npm run lab -- ARGS`; the configuration is the one in `stackFile`, when that is given. */
export function startLab(args: readonly string[], stackFile?: string): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', 'lab/cli.ts', ...args], {
    cwd: repositoryRoot,
    env: { ...process.env, ...(stackFile === undefined ? {} : { LAB_STACK_FILE: stackFile }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits until it ends. */
export async function finished(child: ChildProcess): Promise<Ran> {
  return new Promise((done, failed) => {
    const ran = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        ran[stream] += text;
      });
    child.on('error', failed);
    child.on('close', (code) => done({ code: code ?? 1, ...ran }));
  });
}

/** Runs `npm run lab -- ARGS` to its end and gives what it prints; throws with all of it when it fails. */
export async function lab(args: readonly string[], stackFile?: string): Promise<string> {
  const { code, stdout, stderr } = await finished(startLab(args, stackFile));
  if (code !== 0) throw new Error(`lab ${args.join(' ')}: exit ${code}\n${stdout}\n${stderr}`);
  return stdout;
}
