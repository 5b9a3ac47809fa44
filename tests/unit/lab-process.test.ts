import { expect, test } from 'vitest';
import { run } from '../../lab/process';

test('a time limit ends a program whose child holds its output', async () => {
  const started = run('sh', ['-c', 'echo before; sleep 600 & wait'], { timeoutMs: 200 });
  await expect(started).rejects.toMatchObject({ exitCode: null, output: 'before\n' });
});

test('a program within its time limit gives what it prints', async () => {
  expect(await run('sh', ['-c', 'cat; echo after'], { timeoutMs: 60_000, input: 'in\n' })).toBe(
    'in\nafter\n',
  );
});
