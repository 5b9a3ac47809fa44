import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A piece of the engine's work, in seconds of one clock. */
export interface Span {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string>>;
}

const attribute = z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) });
const line = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              startTimeUnixNano: z.coerce.number(),
              endTimeUnixNano: z.coerce.number(),
              attributes: z.array(attribute).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** What `pulumi --otel-traces file://PATH` wrote. */
export function readSpans(file: string): readonly Span[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines
    .flatMap((text) => line.parse(JSON.parse(text)).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map(({ name, startTimeUnixNano, endTimeUnixNano, attributes }) => ({
      name,
      begin: startTimeUnixNano / 1e9,
      end: endTimeUnixNano / 1e9,
      attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? ''])),
    }));
}

/** Where `pulumi package add` spends its time, in seconds. */
export interface Adding {
  readonly whole: number;
  /** npm, for the provider: the first time only. */
  readonly npm: number;
  /** Until our provider answers. */
  readonly start: number;
  /** pip, for the program; none in YAML. */
  readonly pip: number;
}

/** Where a preview spends its time, in seconds. */
export interface Previewing {
  readonly whole: number;
  readonly start: number;
  /** Our provider has been asked for the platform, and has asked nothing of the engine that is not answered yet. */
  readonly construct: number;
}

export function addingOf(spans: readonly Span[], whole: number): Adding {
  const started = ourStart(spans);
  const installs = named(spans, 'pulumirpc.LanguageRuntime/InstallDependencies');
  const sum = (some: readonly Span[]) => some.reduce((seconds, { begin, end }) => seconds + end - begin, 0);
  return {
    whole,
    npm: sum(installs.filter(({ begin }) => begin < started.begin)),
    start: started.end - started.begin,
    pip: sum(installs.filter(({ begin }) => begin > started.end)),
  };
}

export function previewingOf(spans: readonly Span[], whole: number): Previewing {
  const started = ourStart(spans);
  const [construct, ...more] = named(spans, 'pulumirpc.ResourceProvider/Construct');
  if (construct === undefined || more.length > 0)
    throw new Error('the engine constructed no component, or more than one');
  const asked = spans.filter(
    ({ name, begin, end }) =>
      name.startsWith('pulumirpc.ResourceMonitor/') && begin >= construct.begin && end <= construct.end,
  );
  return {
    whole,
    start: started.end - started.begin,
    construct: construct.end - construct.begin - covered(asked),
  };
}

/** The host of Node's providers is started within it where there is none yet, and is not ours. */
function ourStart(spans: readonly Span[]): Span {
  const starts = named(spans, 'newPlugin');
  const ours = starts.find(({ attributes }) => /\/provider(\/|$)/.test(attributes['bin'] ?? ''));
  if (ours === undefined) throw new Error('the engine started no provider of this checkout');
  const host = starts.find(
    ({ attributes, begin, end }) =>
      attributes['prefix'] === 'nodejs' && begin >= ours.begin && end <= ours.end,
  );
  return { ...ours, begin: host?.end ?? ours.begin };
}

function named(spans: readonly Span[], wanted: string): readonly Span[] {
  return spans.filter(({ name }) => name === wanted);
}

/** How long at least one of them lasted. */
function covered(spans: readonly Span[]): number {
  const inOrder = spans.toSorted((one, other) => one.begin - other.begin);
  let until = -Infinity;
  let seconds = 0;
  for (const { begin, end } of inOrder) {
    seconds += Math.max(0, end - Math.max(begin, until));
    until = Math.max(until, end);
  }
  return seconds;
}
