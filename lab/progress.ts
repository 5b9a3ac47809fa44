const clearLine = '\r\u001b[K';
/** A step that is over sooner is not worth a line. */
const shownAfterMs = 2_000;
/** A log file has no line to rewrite, so there a beat is rarer and a line of its own. */
const beatMs = process.stderr.isTTY ? 1_000 : 10_000;

interface Step {
  readonly what: string;
  readonly begun: number;
}

const active = new Set<Step>();

/** A line per step on standard error for all that take over two seconds, with the elapsed time while they run. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const own = { what, begun: Date.now() };
  active.add(own);
  const beat = setInterval(() => showRunning(own), beatMs);
  try {
    const result = await work();
    if (Date.now() - own.begun >= shownAfterMs) writeLine(`${what}: ${elapsed(own)}`);
    return result;
  } catch (error) {
    writeLine(`${what}: failed after ${elapsed(own)}`);
    throw error;
  } finally {
    clearInterval(beat);
    active.delete(own);
  }
}

/** On a terminal the last line tells of all steps that run at once, rewritten by the first of them. */
function showRunning(own: Step): void {
  if (!process.stderr.isTTY) {
    writeLine(`${own.what} … ${elapsed(own)}`);
    return;
  }
  const [first] = active;
  if (own !== first || Date.now() - own.begun < shownAfterMs) return;
  const all = [...active].map((each) => `${each.what} … ${elapsed(each)}`).join(' | ');
  process.stderr.write(`${clearLine}  ${all.slice(0, process.stderr.columns - 3)}`);
}

function writeLine(text: string): void {
  process.stderr.write(`${process.stderr.isTTY ? clearLine : ''}  ${text}\n`);
}

function elapsed({ begun }: Step): string {
  return `${((Date.now() - begun) / 1000).toFixed(0)} s`;
}
