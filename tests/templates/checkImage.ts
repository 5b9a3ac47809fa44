import { runInCheckImage } from '../../lab/machines/checkImage';

/** The systems whose programs judge what is rendered, with the HAProxy and Keepalived that each installs. */
export const systems = [
  { os: 'debian-12', haproxyVersion: '2.6', keepalivedVersion: '2.2' },
  { os: 'debian-13', haproxyVersion: '3.0', keepalivedVersion: '2.3' },
] as const;

export interface Verdict {
  readonly exitCode: number;
  /** Both streams: programs differ in where they complain. */
  readonly said: string;
}

/** Asks a real program of an operating system what it thinks of the files. */
export async function ask(
  os: (typeof systems)[number]['os'],
  argv: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<Verdict> {
  const { exitCode, stdout, stderr } = await runInCheckImage(os, argv, { files, env: { STATS_PASSWORD: 'x' } });
  return { exitCode, said: `${stdout}${stderr}` };
}
