/** Waits until the page is there: `pulumi up` ends when the instance runs, and cloud-init only begins then. */
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

const { url } = await json(process.stdin);
const deadline = Date.now() + 60_000;
for (;;) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch((error) => ({ error }));
  if (answer.ok) {
    process.stdout.write(`${url} serves: ${(await answer.text()).trim()}\n`);
    break;
  }
  if (Date.now() > deadline) throw new Error(`${url} did not serve within a minute`, { cause: answer.error });
  await pause(200);
}
