import { describePlugins } from '../engine/plugins';
import { stackName, type Program } from '../program';
import { refuseArguments, type Command } from './command';
import { exclusively } from './exclusive';
import { reportUnreadyMachines } from './machines';
import { pulumi, pulumiLog } from './pulumi';
import { raiseLab } from './raise';

const common = ['--stack', stackName, '--non-interactive'];

function color(): string[] {
  return ['--color', process.stdout.isTTY ? 'always' : 'never'];
}

export const up: Command = {
  arguments: '',
  summary: 'bring the lab up, or change it to what the configuration says now',
  run: async (args, program) => {
    refuseArguments(args);
    const wanted = program();
    return exclusively(() => bringUp(wanted));
  },
};

async function sayPlugins(program: Program): Promise<void> {
  const said = await describePlugins(program.folder);
  if (said !== undefined) process.stderr.write(`  ${said}\n`);
}

async function bringUp(program: Program): Promise<number> {
  await raiseLab(program);
  await sayPlugins(program);
  const args = ['up', '--yes', '--skip-preview', ...common, ...color()];
  const exitCode = await pulumi(program, args, { log: 'up' });
  if (exitCode === 0) return 0;
  await reportUnreadyMachines();
  process.stderr.write(
    `\nup failed; the whole output is in ${pulumiLog('up')}. Mend the cause and run it again: it goes on from here.\n` +
      'To look at a host: npx local-ec2 exec HOST -- journalctl -b. To start afresh: npx local-ec2 down.\n',
  );
  return exitCode;
}

export const preview: Command = {
  arguments: '',
  summary: 'show what `up` would change, with every changed line',
  run: async (args, program) => {
    refuseArguments(args);
    const wanted = program();
    return exclusively(async () => {
      await raiseLab(wanted);
      await sayPlugins(wanted);
      return pulumi(wanted, ['preview', '--diff', ...common, ...color()], { log: 'preview' });
    });
  },
};
