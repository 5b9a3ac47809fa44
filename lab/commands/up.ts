import { describePlugins } from '../engine/plugins';
import { refuseArguments, type Command } from './command';
import { exclusively } from './exclusive';
import { reportUnreadyMachines } from './machines';
import { pulumi, pulumiLog, stackName } from './pulumi';
import { raiseLab } from './raise';

const common = ['--stack', stackName, '--non-interactive'];

function color(): string[] {
  return ['--color', process.stdout.isTTY ? 'always' : 'never'];
}

export const up: Command = {
  arguments: '',
  summary: 'bring the lab up, or change it to what the configuration says now',
  run: async (args) => {
    refuseArguments(args);
    return exclusively(bringUp);
  },
};

async function sayPlugins(): Promise<void> {
  const said = await describePlugins();
  if (said !== undefined) process.stderr.write(`  ${said}\n`);
}

async function bringUp(): Promise<number> {
  await raiseLab();
  await sayPlugins();
  const exitCode = await pulumi(['up', '--yes', '--skip-preview', ...common, ...color()], { log: 'up' });
  if (exitCode === 0) return 0;
  await reportUnreadyMachines();
  process.stderr.write(
    `\nup failed; the whole output is in ${pulumiLog('up')}. Mend the cause and run it again: it goes on from here.\n` +
      'To look at a host: npm run lab -- exec HOST -- journalctl -b. To start afresh: npm run lab -- down.\n',
  );
  return exitCode;
}

export const preview: Command = {
  arguments: '',
  summary: 'show what `up` would change, with every changed line',
  run: async (args) => {
    refuseArguments(args);
    return exclusively(async () => {
      await raiseLab();
      await sayPlugins();
      return pulumi(['preview', '--diff', ...common, ...color()], { log: 'preview' });
    });
  },
};
