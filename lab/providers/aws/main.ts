import { sdkClients } from './clients';
import { functionTypes } from './functions';
import { AwsProvider } from './provider';
import { resourceTypes } from './resources';
import { serve } from './server';

const orphanCheckMs = 5_000;

// The project supports Node 20, and every `up` would print the SDK's farewell to it.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

// The engine ends its providers by itself; when it is killed nobody does.
const engine = process.ppid;
setInterval(() => {
  if (process.ppid !== engine) process.exit(1);
}, orphanCheckMs).unref();

serve(new AwsProvider(resourceTypes, functionTypes, sdkClients)).catch((error: unknown) => {
  process.stderr.write(
    `aws provider: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
