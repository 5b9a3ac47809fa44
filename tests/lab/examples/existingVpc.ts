import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labHome } from '../../../lab/paths';
import { repositoryRoot } from '../../../proving/product';

/**
 * The example existing-vpc in a folder of its own, its program to the letter but for where two packages come from: awsx,
 * whose plugin is a binary, is the stand-in beside this file, and `emqx-haproxy` is this checkout.
 */
export function existingVpc(): string {
  const folder = join(labHome, 'test', 'existing-vpc');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const example = join(repositoryRoot, 'examples', 'existing-vpc');
  const places = {
    '@pulumi/awsx': join(__dirname, 'awsx'),
    'emqx-haproxy': join(repositoryRoot, 'components'),
  };
  const program = Object.entries(places).reduce(
    (text, [name, place]) => {
      const changed = text.replace(`from '${name}'`, `from '${place}'`);
      if (changed === text) throw new Error(`the example does not import ${name}`);
      return changed;
    },
    readFileSync(join(example, 'index.ts'), 'utf8'),
  );
  writeFileSync(join(folder, 'index.ts'), program);
  const project = readFileSync(join(example, 'Pulumi.yaml'), 'utf8');
  writeFileSync(join(folder, 'Pulumi.yaml'), `${project}main: index.ts\n`);
  cpSync(join(repositoryRoot, 'examples', 'parts', 'lab.yaml'), join(folder, 'lab.yaml'));
  const compilerOptions = { noCheck: true };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(repositoryRoot, 'tsconfig.json'), compilerOptions, include: ['.'] }),
  );
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
