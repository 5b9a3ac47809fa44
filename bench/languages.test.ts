import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { reportMarkdown } from './languages/report';
import { addingOf, previewingOf, readSpans, type Span } from './languages/spans';

const span = (name: string, begin: number, end: number, attributes: Span['attributes'] = {}): Span => ({
  name,
  begin,
  end,
  attributes,
});
const rpc = (name: string, begin: number, end: number) => span(`pulumirpc.${name}`, begin, end);
const provider = (begin: number, end: number) =>
  span('newPlugin', begin, end, { bin: '../checkout/provider' });
const nodeHost = (begin: number, end: number) => span('newPlugin', begin, end, { prefix: 'nodejs' });

describe('where the engine spends its time', () => {
  it('in adding the package: npm before the provider starts, pip after it', () => {
    const spans = [
      nodeHost(0, 1),
      rpc('LanguageRuntime/InstallDependencies', 1, 11),
      provider(11, 12),
      rpc('LanguageRuntime/InstallDependencies', 14, 20),
    ];
    expect(addingOf(spans, 21)).toEqual({ whole: 21, npm: 10, start: 1, pip: 6 });
  });

  it('in a preview: the start without that of Node’s host, and what no answer of the engine’s is waited for in', () => {
    const spans = [
      provider(1, 4),
      nodeHost(1, 2),
      // That the program asks for the platform is not the provider's waiting.
      rpc('ResourceMonitor/RegisterResource', 0.5, 15),
      rpc('ResourceProvider/Construct', 4, 14),
      rpc('ResourceMonitor/Invoke', 5, 7),
      rpc('ResourceMonitor/RegisterResource', 6, 9),
      rpc('ResourceMonitor/RegisterResource', 10, 11),
    ];
    expect(previewingOf(spans, 16)).toEqual({ whole: 16, start: 2, construct: 5 });
  });

  it('is not told where the provider of the checkout was not started', () => {
    expect(() => addingOf([nodeHost(0, 1)], 1)).toThrow('the engine started no provider of this checkout');
    expect(() => previewingOf([provider(0, 1)], 1)).toThrow('the engine constructed no component');
  });

  it('is read of what it writes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spans-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const written = {
      name: 'newPlugin',
      startTimeUnixNano: '1500000000',
      endTimeUnixNano: '2000000000',
      attributes: [
        { key: 'bin', value: { stringValue: 'x/provider' } },
        { key: 'attachDebugger', value: { boolValue: false } },
      ],
    };
    const line = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [written] }] }] });
    writeFileSync(join(folder, 'trace.json'), `${line}\n${line}\n`);
    const read = span('newPlugin', 1.5, 2, { bin: 'x/provider', attachDebugger: '' });
    expect(readSpans(join(folder, 'trace.json'))).toEqual([read, read]);
  });
});

it('the page of languages has each with its parts, and the load that it was measured under', () => {
  const page = reportMarkdown({ kernel: '6' }, [
    {
      language: 'yaml',
      loadAverage: 3.04,
      adding: { whole: 20, npm: 15, start: 1, pip: 0 },
      previewing: { whole: 8, start: 1, construct: 2 },
    },
    {
      language: 'python',
      loadAverage: 4,
      adding: { whole: 30, npm: 15, start: 1, pip: 9 },
      previewing: { whole: 9, start: 1, construct: 2.5 },
    },
  ]);
  expect(page).toContain('- load average when runs began: 3.0, 4.0');
  expect(page).toContain('| - **ours** | 4.0 (4.0 to 4.0) | 4.5 (4.5 to 4.5) |');
  expect(page).toContain('| both, with npm and pip done | 13.0 (13.0 to 13.0) | 15.0 (15.0 to 15.0) |');
});
