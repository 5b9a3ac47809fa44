const clearLine = '\r\u001b[K';

/** A line per step on standard error; a step over two seconds shows its elapsed time while it runs. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begun = Date.now();
  const elapsed = () => `${((Date.now() - begun) / 1000).toFixed(0)} s`;
  const terminal = process.stderr.isTTY;
  const report = (text: string) => process.stderr.write(`${terminal ? clearLine : ''}  ${text}`);
  // A log file has no line to rewrite, so there a beat is rarer and a line of its own.
  const beat = setInterval(
    () => report(`${what} … ${elapsed()}${terminal ? '' : '\n'}`),
    terminal ? 1_000 : 10_000,
  );
  try {
    const result = await work();
    report(`${what}: ${elapsed()}\n`);
    return result;
  } catch (error) {
    report(`${what}: failed after ${elapsed()}\n`);
    throw error;
  } finally {
    clearInterval(beat);
  }
}
