import { providerOfKinds } from '../kinds';
import { sdkVersion } from '../sdkVersion';
import { serveProvider } from '../server';
import { localCommand } from './local';
import { remoteCommand } from './remote';

/** The lab's stand-in for Pulumi's command provider. */
serveProvider(
  providerOfKinds(sdkVersion('@pulumi/command'), {
    'command:local:Command': localCommand,
    'command:remote:Command': remoteCommand,
  }),
);
