import * as aws from '@pulumi/aws';
import * as command from '@pulumi/command';
import * as random from '@pulumi/random';
import * as tls from '@pulumi/tls';

/** Whatever a program makes, its SDKs are loaded and its providers started and configured. */
new aws.Provider('aws', { region: 'eu-central-1' });
new command.Provider('command');
new random.Provider('random');
new tls.Provider('tls');
