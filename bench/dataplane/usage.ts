import type { Machine } from '../../proving/stage/machine';

/** Processor time that all processes of this name in a machine have used since they started, in microseconds. */
export async function processorMicroseconds(machine: Machine, program: string): Promise<number> {
  return Number(await machine.run(['python3', '-c', processorTime, program])) / 1_000;
}

/** Memory of all processes of this name in a machine, shared pages counted once, in bytes. */
export async function memoryBytes(machine: Machine, program: string): Promise<number> {
  return Number(await machine.run(['python3', '-c', memory, program])) * 1_024;
}

/** How many processes of this name a machine has. */
export async function processCount(machine: Machine, program: string): Promise<number> {
  return Number(await machine.run(['python3', '-c', `${find}\nprint(len(folders))`, program]));
}

const find = `
import glob, sys
def of(path):
    try:
        return open(path).read()
    except OSError:
        return ""
folders = [comm[:-5] for comm in glob.glob("/proc/[0-9]*/comm") if of(comm).strip() == sys.argv[1]]
`;

/** By the scheduler's count, in nanoseconds: utime and stime have a grain of 10 ms. */
const processorTime = `${find}
threads = [file for folder in folders for file in glob.glob(folder + "/task/*/schedstat")]
print(sum(int((of(file) or "0").split()[0]) for file in threads))
`;

const memory = `${find}
lines = [line for folder in folders for line in of(folder + "/smaps_rollup").splitlines()]
print(sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")))
`;
