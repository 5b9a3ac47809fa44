import { runInCheckImage, type System } from '../../proving/checkImage';

export interface Verdict {
  readonly exitCode: number;
  /** Both streams: programs differ in where they complain. */
  readonly said: string;
}

/** Asks a real program of an operating system what it thinks of the files. */
export async function ask(
  { image }: System,
  argv: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<Verdict> {
  const { exitCode, stdout, stderr } = await runInCheckImage(image, argv, {
    files,
    env: { STATS_PASSWORD: 'x' },
  });
  return { exitCode, said: `${stdout}${stderr}` };
}
