import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { withDeadline } from '../../lab/providers/deadline';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Ends when the signal does, and with its reason. */
async function endOf(signal: AbortSignal): Promise<unknown> {
  await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  return signal.reason;
}

test('a deadline holds although the garbage collector has been by', async () => {
  const { signal: parent } = new AbortController();
  const reason = withDeadline(parent, 0.2, (signal) => {
    const ending = endOf(signal);
    collectGarbage();
    return ending;
  });
  await expect(reason).resolves.toMatchObject({ name: 'TimeoutError' });
});

test('the parent ends the work with its own reason, before and during it', async () => {
  const parent = new AbortController();
  const reason = withDeadline(parent.signal, 0, endOf);
  parent.abort('enough');
  await expect(reason).resolves.toBe('enough');
  const late = withDeadline(parent.signal, 0, (signal) => Promise.resolve(signal.reason));
  await expect(late).resolves.toBe('enough');
});
