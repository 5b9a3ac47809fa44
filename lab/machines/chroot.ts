import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that the program changes, or layers (the uppermost first) that it sees and cannot change. */
export type Root =
  | { readonly folder: string }
  | {
      readonly layers: readonly string[];
      /** Where what the program writes is kept, on the layers' file system; without it everything is forgotten. */
      readonly keep?: { readonly upper: string; readonly work: string };
    };

export interface ChrootOptions {
  readonly root: Root;
  /** Folders of the host, by the path at which the program sees them. */
  readonly folders?: Readonly<Record<string, string>>;
  /** The host's network, or one of the program's own with an unused ens5. */
  readonly network: 'host' | 'none';
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program in a root made of image layers. The mounts are in a namespace of the program's own, so that they
 * end with it, however it ends.
 */
export async function runInChroot(argv: readonly string[], options: ChrootOptions): Promise<ProgramResult> {
  const scratch = await mkdtemp(join(tmpdir(), 'lab-chroot-'));
  try {
    const network = options.network === 'none' ? ['--net'] : [];
    const folders = Object.entries(options.folders ?? {}).flat();
    return await collect(
      [
        ...['unshare', '--mount', '--pid', '--fork', '--kill-child', ...network],
        ...['sh', '-c', enter, 'sh', scratch, ...rootArguments(options.root)],
        ...[options.network, String(folders.length / 2), ...folders, ...argv],
      ],
      options,
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const enter = `
set -e
scratch=$1 folder=$2 layers=$3 upper=$4 work=$5 network=$6 folders=$7
shift 7
mount -t tmpfs tmpfs "$scratch"
root=$scratch/root
mkdir "$root"
if [ -n "$folder" ]; then
  mount --bind "$folder" "$root"
else
  if [ -z "$upper" ]; then
    upper=$scratch/upper work=$scratch/work
    mkdir "$upper" "$work"
  fi
  mount -t overlay overlay -o "lowerdir=$layers,upperdir=$upper,workdir=$work" "$root"
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
if [ "$network" = none ]; then
  ip link set lo up
  ip link add ens5 type veth peer name nowhere
else
  mount -t tmpfs tmpfs "$root/run"
  cp -L /etc/resolv.conf "$root/run/resolv.conf"
  [ -e "$root/etc/resolv.conf" ] || : >"$root/etc/resolv.conf"
  mount --bind "$root/run/resolv.conf" "$root/etc/resolv.conf"
fi
while [ "$folders" -gt 0 ]; do
  mkdir -p "$root$1"
  mount --bind "$2" "$root$1"
  shift 2
  folders=$((folders - 1))
done
echo entered >&3
exec chroot "$root" "$@" 3>&-
`;

/** Folder, layers, upper and work folder: empty where the root has none. */
function rootArguments(root: Root): string[] {
  if ('folder' in root) return [root.folder, '', '', ''];
  return ['', root.layers.map(escapeLayer).join(':'), root.keep?.upper ?? '', root.keep?.work ?? ''];
}

/** Overlay's option string parts layers by colons and options by commas. */
export function escapeLayer(path: string): string {
  return path.replace(/[\\:,]/g, (character) => `\\${character}`);
}

async function collect(argv: readonly string[], options: ChrootOptions): Promise<ProgramResult> {
  const [program = 'false', ...args] = argv;
  return new Promise((done, failed) => {
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const environment = { PATH: path, HOME: '/root', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
    const child = spawn(program, args, {
      env: { ...environment, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    let entered = false;
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // Without it a failure of our own would be taken for the program's.
    child.stdio[3]?.on('data', () => (entered = true));
    child.on('error', failed);
    child.on('close', (code) => {
      if (entered) done({ exitCode: code ?? 1, stdout, stderr });
      else failed(new Error(`lab: an image could not be entered:\n${stderr}`));
    });
    // A program that ends before it has read everything is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });
}
