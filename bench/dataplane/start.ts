import { brokerAddresses } from '../../proving/stage/brokers';
import { brokerPort } from './brokers';
import type { Contestant, ContestantName, ContestantOptions } from './contestant';
import { startGuide } from './guide';
import { startNginx } from './nginx';
import { startOurs } from './ours';
import type { Site } from './site';
import { systems } from './systems';

const { debian12, debian13 } = systems;

/** Starts a contestant; it serves once this resolves. */
export async function startContestant(
  name: ContestantName,
  site: Site,
  options: ContestantOptions,
): Promise<Contestant> {
  switch (name) {
    case 'direct':
      return direct;
    case 'nginx':
      return startNginx(site);
    case 'guide':
      return startGuide(name, site, debian12, options);
    case 'oursNoLog':
      return startOurs(name, site, debian12, { ...options, lines: 'none' });
    case 'guide30':
      return startGuide(name, site, debian13, options);
    case 'ours':
      return startOurs(name, site, debian12, { ...options, lines: 'own' });
    case 'oursGuideLog':
      return startOurs(name, site, debian12, { ...options, lines: 'guide' });
    case 'ours30':
      return startOurs(name, site, debian13, { ...options, lines: 'own' });
    case 'oneListener':
      return startOurs(name, site, debian12, { ...options, lines: 'own', listenerCount: 1 });
    case 'twelveListeners':
      return startOurs(name, site, debian12, { ...options, lines: 'own', listenerCount: 12 });
  }
}

/** No proxy: a client of each load process connects to one of the brokers. */
const direct: Contestant = {
  name: 'direct',
  target: () => ({ hosts: brokerAddresses, port: brokerPort }),
  processorMicroseconds: () => Promise.resolve(0),
  memoryBytes: () => Promise.resolve(0),
  journalMicroseconds: () => Promise.resolve(null),
  droppedLines: () => Promise.resolve(null),
  systemCalls: async (work) => {
    await work();
    return new Map();
  },
  loggedBytes: () => Promise.resolve(null),
  countedRefusals: () => Promise.resolve(null),
  reload: () => Promise.resolve(),
  formerWorkers: () => Promise.resolve(0),
  allBrokersUp: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};
