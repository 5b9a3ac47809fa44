import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { paths } from '../paths';
import type { Program } from '../program';

const occupantSchema = z.object({ folder: z.string() });

/** Refuses a program when the lab is up for another one: what the lab's AWS holds belongs to one stack. */
export function refuseOthers(program: Program): void {
  const folder = occupant();
  if (folder === undefined || folder === program.folder) return;
  throw new Error(
    `the lab is up for the program in ${folder}, and this is ${program.folder}: end it first: npx local-ec2 down`,
  );
}

/** From now on the lab is up for this program, until it is taken down. */
export async function occupy({ folder }: Program): Promise<void> {
  await mkdir(dirname(paths.program), { recursive: true });
  writeFileSync(paths.program, JSON.stringify({ folder }));
}

function occupant(): string | undefined {
  if (!existsSync(paths.program)) return undefined;
  return occupantSchema.parse(JSON.parse(readFileSync(paths.program, 'utf8'))).folder;
}
