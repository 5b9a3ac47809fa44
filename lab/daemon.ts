import { createServer } from 'node:http';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { handleControl } from './api/control';
import { Region } from './api/ec2/region';
import { log, logTo } from './api/log';
import { Moto } from './api/moto';
import { ensureCa } from './api/pki';
import { serveRegion } from './api/regionServer';
import { createFabric } from './fabric';
import {
  apiAddress,
  elasticIpNetwork,
  hostApiPorts,
  metadataService,
  resolverService,
  runnerAddress,
  runnerApiPort,
} from './fabric/addresses';
import { createMachines } from './machines';
import { paths } from './paths';

/** The lab's region as one process, in the internet gateway's network namespace. Started by lab/api/client.ts. */
async function main([regionName = '', packages = '']: readonly string[]): Promise<void> {
  logTo(process.stdout);
  mkdirSync(dirname(paths.daemonPid), { recursive: true });
  writeFileSync(paths.daemonPid, `${process.pid}\n`);
  const moto = await Moto.start((reason) => {
    log(reason);
    process.exit(1);
  });
  const machines = createMachines();
  const fabric = createFabric();
  const region = new Region({
    name: regionName,
    fabric,
    machines,
    moto,
    elasticIpRange: elasticIpNetwork,
  });
  const [httpPort, tlsPort] = hostApiPorts;
  const server = await serveRegion(region, await ensureCa(), packages, {
    host: apiAddress,
    runnerAddress,
    runnerPort: runnerApiPort,
    tlsPort,
    httpPort,
    metadataPort: metadataService.servedOn,
    resolverPort: resolverService.servedOn,
  });

  let ending: Promise<void> | undefined;
  const shutdown = () => (ending ??= end());
  const end = async () => {
    log('shutting down');
    await machines.removeAll().catch((error: unknown) => log(`removing machines: ${String(error)}`));
    await server.close();
    await fabric.close();
    await moto.stop();
    rmSync(paths.daemonSocket, { force: true });
    rmSync(paths.daemonPid, { force: true });
    process.exit(0);
  };
  const { faults, issued } = server;
  const control = createServer((incoming, outgoing) => {
    void handleControl({ region, faults, issued, shutdown }, incoming, outgoing);
  });
  rmSync(paths.daemonSocket, { force: true });
  control.listen(paths.daemonSocket, () => log(`region ${regionName} is open`));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void shutdown());
}

main(process.argv.slice(2)).catch((error: unknown) => {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
});
