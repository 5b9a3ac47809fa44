import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { signedLicence } from '../licenceKeys';

/** Signs what it reads: a list of payloads, each a list of lines; prints a key a line. */
const payloads = z.array(z.array(z.union([z.string(), z.number()])));
text(process.stdin).then(
  (given) => {
    for (const lines of payloads.parse(JSON.parse(given))) process.stdout.write(`${signedLicence(lines)}\n`);
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
