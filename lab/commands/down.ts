import { elasticIpNetwork, regionNetwork } from '../fabric/addresses';
import { step } from '../progress';
import { clear } from './clear';
import { refuseArguments, type Command } from './command';
import { exclusively } from './exclusive';
import { engineAtWork } from './mend';
import { requireRoot } from './preflight';

export const down: Command = {
  arguments: '',
  summary: 'end the lab and remove everything but caches and logs',
  run: async (args) => {
    refuseArguments(args);
    requireRoot();
    await exclusively(() => step('taking the lab down', takeDown));
    process.stderr.write(
      `The lab is down. Two unreachable routes stay on purpose, for ${regionNetwork} and ${elasticIpNetwork}: they keep\n` +
        'traffic to lab addresses from leaving this machine.\n',
    );
    return 0;
  },
};

async function takeDown(): Promise<void> {
  // Its own command was killed; it works for a lab that is going away, and would only wait for answers.
  const engine = engineAtWork();
  if (engine !== undefined) process.kill(engine, 'SIGKILL');
  await clear();
}
