import { ensureBrokerImage } from '../image';

/**
 * Prints the layers of the image that tests of the stand-in run brokers in, with the version that is its argument;
 * LAB_STANDIN_OS chooses another system.
 */
const os = process.env['LAB_STANDIN_OS'] === 'debian-12' ? 'debian-12' : 'debian-13';
ensureBrokerImage(os, process.argv[2]).then(
  (layers) => process.stdout.write(`${layers.join('\n')}\n`),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
