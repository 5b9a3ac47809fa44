import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { Certificates } from '../../components';
import { graphOf } from './resourceGraph';

/** A program of its own, since it ends by what it refuses: a given certificate, known by Outputs only, and another's key. */
const [, , folder = ''] = process.argv;
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

void graphOf(
  () =>
    new Certificates('certs', {
      ipAddresses: ['198.51.100.10'],
      certificateChain: pulumi.output(read('server.pem')),
      privateKey: pulumi.secret(read('ca.key')),
      ca: pulumi.output(read('ca.pem')),
    }),
);
