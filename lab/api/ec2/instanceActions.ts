import type { MachineState } from '../../model';
import { AwsError } from '../awsError';
import type { Parameters } from '../parameters';
import type { XmlObject } from '../xml';
import type { Actions } from './action';
import { stateOf } from './describeInstances';
import type { InstanceRecord } from './instanceRecord';
import { mustHaveVcpus } from './instanceTypes';
import { beginTermination, reboot, start, stop } from './lifeCycle';
import type { Region } from './region';

/** Start, stop, reboot, terminate, and what the machine printed. */
export const instanceActions: Actions = {
  StartInstances: (region, parameters) =>
    changing(region, parameters, (record) => {
      if (record.state === 'running' || record.state === 'pending') return;
      mustBe(record, ['stopped'], 'started');
      mustHaveVcpus(region, record.instanceType);
      start(region, record);
    }),

  StopInstances: (region, parameters) =>
    changing(region, parameters, (record) => {
      if (record.state === 'stopped' || record.state === 'stopping') return;
      mustBe(record, ['running', 'pending'], 'stopped');
      if (record.disableApiStop) throw protectedFrom(record, 'stopped', 'disableApiStop');
      stop(region, record);
    }),

  RebootInstances(region, parameters) {
    for (const record of named(region, parameters)) {
      mustBe(record, ['running'], 'rebooted');
      reboot(region, record);
    }
    return { return: true };
  },

  TerminateInstances: (region, parameters) =>
    changing(region, parameters, (record) => {
      if (record.disableApiTermination) {
        throw protectedFrom(record, 'terminated', 'disableApiTermination');
      }
      beginTermination(region, record);
    }),

  async GetConsoleOutput(region, parameters) {
    const record = region.instance(parameters.required('InstanceId'));
    const output = record.lastConsole ?? (await region.machines.consoleOutput(record.instanceId));
    return {
      instanceId: record.instanceId,
      timestamp: new Date().toISOString(),
      output: Buffer.from(output).toString('base64'),
    };
  },

  MonitorInstances: (region, parameters) => monitoring(region, parameters, true),
  UnmonitorInstances: (region, parameters) => monitoring(region, parameters, false),
};

function changing(
  region: Region,
  parameters: Parameters,
  change: (record: InstanceRecord) => void,
): XmlObject {
  const instancesSet = named(region, parameters).map((record) => {
    const previousState = stateOf(record.state);
    change(record);
    return { instanceId: record.instanceId, previousState, currentState: stateOf(record.state) };
  });
  return { instancesSet };
}

function named(region: Region, parameters: Parameters): InstanceRecord[] {
  parameters.required('InstanceId.1');
  return parameters.list('InstanceId').map((id) => region.instance(id));
}

function mustBe(record: InstanceRecord, states: readonly MachineState[], verb: string): void {
  if (states.includes(record.state)) return;
  const message = `The instance '${record.instanceId}' is in state '${record.state}' and cannot be ${verb}.`;
  throw new AwsError('IncorrectInstanceState', message);
}

function protectedFrom(record: InstanceRecord, verb: string, attribute: string): AwsError {
  const message = `The instance '${record.instanceId}' may not be ${verb}. Modify its '${attribute}' instance attribute and try again.`;
  return new AwsError('OperationNotPermitted', message);
}

function monitoring(region: Region, parameters: Parameters, on: boolean): XmlObject {
  const instancesSet = named(region, parameters).map((record) => {
    record.monitoring = on;
    return { instanceId: record.instanceId, monitoring: { state: on ? 'enabled' : 'disabled' } };
  });
  return { instancesSet };
}
