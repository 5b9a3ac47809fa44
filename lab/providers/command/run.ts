import type { Operation } from '../server';

/** What a command printed, without the newline at the end. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

export type Stream = keyof Output;

/** Which of a command's streams are shown under its resource while it runs. */
export type Logging = 'none' | 'stdout' | 'stderr' | 'stdoutAndStderr';

const lastLines = 20;

/** Gathers what a running command prints, and shows it line by line while it runs. */
export class OutputCollector {
  private readonly text = { stdout: '', stderr: '' };
  private both = '';
  private readonly unfinished = { stdout: '', stderr: '' };

  constructor(
    private readonly log: Operation['log'],
    private readonly logging: Logging,
  ) {}

  add(stream: Stream, chunk: string): void {
    this.text[stream] += chunk;
    this.both += chunk;
    if (this.logging !== stream && this.logging !== 'stdoutAndStderr') return;
    const lines = (this.unfinished[stream] + chunk).split('\n');
    this.unfinished[stream] = lines.pop() ?? '';
    for (const line of lines) this.log('status', line);
  }

  /** The output of a command that ended well. */
  finish(): Output {
    this.showUnfinished();
    return { stdout: withoutNewline(this.text.stdout), stderr: withoutNewline(this.text.stderr) };
  }

  /** The error of one that did not: how it ended, and the last that it said. */
  failure(command: string, ending: string): Error {
    this.showUnfinished();
    const lines = this.both.trimEnd().split('\n').slice(-lastLines).join('\n');
    return new Error(`${ending}: running ${JSON.stringify(abridged(command))}:\n${lines}`);
  }

  private showUnfinished(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.unfinished[stream] !== '') this.log('status', this.unfinished[stream]);
      this.unfinished[stream] = '';
    }
  }
}

function withoutNewline(text: string): string {
  return text.replace(/\n$/, '');
}

function abridged(command: string): string {
  return command.length > 200 ? `${command.slice(0, 200)}…` : command;
}
