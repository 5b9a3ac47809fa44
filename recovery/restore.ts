import { program } from '../verify/program';
import { quote } from '../verify/ssh';
import type { Brokers } from './brokers';

/**
 * Imports a backup on one broker, which all get, then has each take what the stack's files say again: the backup has the
 * passwords and keys of its time.
 */
export async function restore(
  brokers: Pick<Brokers, 'all' | 'run'>,
  { key, over }: { readonly key: string; readonly over: boolean },
  print: (text: string) => void,
): Promise<void> {
  const names = await brokers.all();
  const [first = ''] = names;
  await brokers.run(first, program(`broker.restore ${quote(key)}${over ? ' --over' : ''}`));
  const failures: string[] = [];
  for (const name of names) {
    try {
      await brokers.run(name, 'sudo -n systemctl reload emqx');
      print(`${name} has the users, keys and settings of the stack again\n`);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (failures.length > 0)
    throw new Error(
      `the data is restored, but not every broker has the stack's own users, keys and settings over it: ${failures.join('; ')}. Say \`sudo systemctl reload emqx\` there again; \`journalctl -u emqx\` tells why`,
    );
  print('restored; sessions are in no backup, so clients subscribe anew. Now run `npm run verify`\n');
}
