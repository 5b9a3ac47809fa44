import type { Parameters } from '../parameters';
import type { XmlObject } from '../xml';
import type { Region } from './region';

/** One EC2 action: what it answers between `<requestId>` and the closing element. */
export type Action = (region: Region, parameters: Parameters) => XmlObject | Promise<XmlObject>;
export type Actions = Readonly<Record<string, Action>>;

/** The answer of actions that have nothing to say. */
export const done: XmlObject = { return: true };

export function tagSet(region: Region, resourceId: string): XmlObject[] {
  return [...region.tagsOf(resourceId)].map(([key, value]) => ({ key, value }));
}
