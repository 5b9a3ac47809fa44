import type { OperatingSystem } from '../model';

/** What an image is made of; a changed recipe makes a new image. */
export interface ImageRecipe {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly maskedUnits: readonly string[];
  /** Made by package installation, unlike on every machine. */
  readonly removed: readonly string[];
}

export const suites: Readonly<Record<OperatingSystem, string>> = {
  'debian-12': 'bookworm',
  'debian-13': 'trixie',
};

/** The repository that the lab serves to its hosts in place of Debian's. */
export const packagesHost = 'packages.lab.example';

/** Where the lab's own CA lies in an image. */
export const caFile = '/usr/local/share/ca-certificates/lab.crt';

/** As near to Debian's images for EC2 as a container goes: cloud-init, sshd, user admin, Python. */
export function imageRecipe(os: OperatingSystem, ca: string): ImageRecipe {
  return {
    suite: suites[os],
    packages: [
      ...[
        'systemd',
        'systemd-sysv',
        'dbus',
        'locales',
        'sudo',
        'procps',
        'python3',
        'e2fsprogs',
        'ca-certificates',
      ],
      ...['iproute2', 'iputils-ping', 'curl', 'openssh-server', 'cloud-init'],
    ],
    files: {
      [caFile]: ca,
      '/etc/apt/sources.list': `deb [trusted=yes] http://${packagesHost}/${os}/ ./\n`,
      '/etc/apt/apt.conf.d/60lab': aptConfiguration,
      '/etc/dpkg/dpkg.cfg.d/60lab': dpkgConfiguration,
      '/etc/cloud/cloud.cfg.d/60_lab.cfg': cloudConfiguration,
      '/etc/default/locale': 'LANG=C.UTF-8\n',
    },
    maskedUnits: [
      // What stands in for EMQX runs it under emqx.service; the package would start it at its installation.
      'ejabberd.service',
      // A container has no terminal to log in at, no disk to trim, and lives shorter than a timer's day.
      ...[
        'console-getty.service',
        'getty@.service',
        'systemd-pstore.service',
        'fstrim.timer',
        'e2scrub_all.timer',
      ],
      ...['e2scrub_reap.service', 'apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer'],
    ],
    removed: [
      ...[
        '/etc/machine-id',
        '/var/lib/dbus/machine-id',
        '/etc/hostname',
        '/etc/resolv.conf',
        '/etc/apt/sources.list.d',
      ],
      ...['/etc/ssh/ssh_host_ecdsa_key', '/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key'],
      ...[
        '/etc/ssh/ssh_host_ecdsa_key.pub',
        '/etc/ssh/ssh_host_ed25519_key.pub',
        '/etc/ssh/ssh_host_rsa_key.pub',
      ],
      ...['/var/cache/apt', '/var/lib/apt/lists', '/var/log', '/debootstrap'],
    ],
  };
}

const aptConfiguration = `Acquire::Languages "none";
APT::Install-Suggests "false";
`;

// The host's disk is not at stake, and nobody reads manuals on a machine that lives for minutes.
const dpkgConfiguration = `force-unsafe-io
path-exclude=/usr/share/man/*
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/info/*
`;

const cloudConfiguration = `datasource_list: [NoCloud]
network: {config: disabled}
apt: {preserve_sources_list: true}
locale: C.UTF-8
manage_etc_hosts: true
system_info:
  default_user: {name: admin, gecos: Debian}
`;
