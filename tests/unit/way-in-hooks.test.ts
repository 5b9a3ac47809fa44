import * as pulumi from '@pulumi/pulumi';
import type { RegisterResourceHookRequest, RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb';
import { describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import { ResourceGraph } from './resourceGraph';

interface Monitor {
  registerResource(request: RegisterResourceRequest, callback: unknown): unknown;
  registerResourceHook?(request: RegisterResourceHookRequest, callback: (error: null) => void): void;
}

/** What the engine is told of the hooks of each Command of a platform, by the Command's name. */
async function hooksOfCommands() {
  new ResourceGraph();
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const inPreviews = new Map<string, boolean>();
  const bound: { readonly command: string; readonly create: string[]; readonly update: string[] }[] = [];
  // As an engine's monitor does; mocks know no hooks.
  monitor.registerResourceHook = (request, callback) => {
    inPreviews.set(request.getName(), request.getOnDryRun());
    callback(null);
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const [create, update] = [
      request.getHooks()?.getBeforeCreateList(),
      request.getHooks()?.getBeforeUpdateList(),
    ];
    if (request.getType().startsWith('command:'))
      bound.push({ command: request.getName(), create: create ?? [], update: update ?? [] });
    return register(request, callback);
  };
  new MqttPlatform('mqtt', { ssh: { allowedCidrs: ['198.51.100.7/32'] }, emqx: { brokers: 1 } });
  await pulumi.runtime.disconnect();
  return { bound, inPreviews };
}

describe('the way in', () => {
  it('is checked before each Command on a host is created or updated, and in no preview', async () => {
    const { bound, inPreviews } = await hooksOfCommands();
    expect(bound).not.toEqual([]);
    for (const { command, create, update } of bound)
      for (const hooks of [create, update])
        expect(new Set(hooks.map((hook) => inPreviews.get(hook))), command).toEqual(new Set([false]));
  });
});
