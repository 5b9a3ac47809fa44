import { z } from 'zod';
import type { MqttPlatformArgs } from '../components';

/**
 * The shape of a stack's configuration: one key for each argument of MqttPlatform, with the same names below it.
 * Each object's id names the interface in components/ whose doc comments say what its fields mean; the values' bounds
 * are checked by the components themselves, so that they hold for every caller.
 */
const text = z.string();
const whole = z.number();
const ranges = z.array(text);
const optional = z.exactOptional;

const machine = {
  instanceType: optional(text),
  operatingSystem: optional(z.enum(['debian-12', 'debian-13', 'ubuntu-22.04', 'ubuntu-24.04'])),
  architecture: optional(z.enum(['amd64', 'arm64'])),
  rootVolumeGib: optional(whole),
  imageGeneration: optional(whole),
  repairGeneration: optional(whole),
};

const newNetwork = z
  .strictObject({
    cidr: optional(text),
    zoneCount: optional(whole),
    balancerZoneCount: optional(whole),
    availabilityZones: optional(z.array(text)),
    nat: optional(z.enum(['single', 'perZone'])),
  })
  .meta({ id: 'NewNetworkArgs' });

const adoptedSubnet = z.strictObject({ subnetId: text, cidr: text }).meta({ id: 'AdoptedSubnetArgs' });

const adoptedNetwork = z
  .strictObject({
    vpcId: text,
    vpcCidr: text,
    balancerSubnets: z.array(adoptedSubnet),
    brokerSubnets: z.array(adoptedSubnet),
    egress: z.enum(['nat', 'endpoints']),
  })
  .meta({ id: 'AdoptedNetworkArgs' });

const broker = z
  .strictObject({
    ordinal: optional(whole),
    address: optional(text),
    weight: optional(whole),
    drain: optional(z.boolean()),
  })
  .meta({ id: 'BrokerArgs' });

const serverTls = z
  .strictObject({ ca: optional(text), serverName: optional(text) })
  .meta({ id: 'ServerTlsArgs' });
const server = { tls: optional(serverTls), cidrs: optional(ranges), poolSize: optional(whole) };

const jwt = z
  .strictObject({
    secret: optional(text),
    secretIsBase64: optional(z.boolean()),
    publicKey: optional(text),
    jwksUrl: optional(text),
    refreshSeconds: optional(whole),
    tls: optional(serverTls),
    cidrs: optional(ranges),
    from: optional(z.enum(['password', 'username'])),
    verifyClaims: optional(z.record(text, text)),
    aclClaim: optional(text),
    disconnectAfterExpire: optional(z.boolean()),
  })
  .meta({ id: 'JwtArgs' });

const httpAuthentication = z
  .strictObject({
    ...server,
    url: text,
    method: optional(z.enum(['post', 'get'])),
    headers: optional(z.record(text, text)),
    body: optional(z.record(text, text)),
    timeoutMs: optional(whole),
  })
  .meta({ id: 'HttpAuthenticationArgs' });

const passwordHash = z
  .strictObject({
    name: optional(z.enum(['plain', 'md5', 'sha', 'sha256', 'sha512', 'bcrypt', 'pbkdf2'])),
    salt: optional(z.enum(['prefix', 'suffix', 'disable'])),
    mac: optional(z.enum(['sha', 'sha224', 'sha256', 'sha384', 'sha512'])),
    iterations: optional(whole),
  })
  .meta({ id: 'PasswordHashArgs' });

const sqlAuthentication = {
  ...server,
  database: text,
  username: text,
  password: optional(text),
  query: optional(text),
  passwordHash: optional(passwordHash),
  server: text,
};

const redisAuthentication = z
  .strictObject({
    ...server,
    servers: z.array(text),
    type: optional(z.enum(['single', 'cluster', 'sentinel'])),
    sentinel: optional(text),
    database: optional(whole),
    username: optional(text),
    password: optional(text),
    command: optional(text),
    passwordHash: optional(passwordHash),
  })
  .meta({ id: 'RedisAuthenticationArgs' });

const ldapAuthentication = z
  .strictObject({
    ...server,
    server: text,
    username: text,
    password: text,
    baseDn: text,
    filter: optional(text),
    method: optional(z.enum(['bind', 'hash'])),
    passwordAttribute: optional(text),
  })
  .meta({ id: 'LdapAuthenticationArgs' });

const user = z
  .strictObject({ password: optional(text), isSuperuser: optional(z.boolean()) })
  .meta({ id: 'UserArgs' });

const authenticator = z
  .strictObject({
    users: optional(z.record(text, user)),
    userIdType: optional(z.enum(['username', 'clientid'])),
    jwt: optional(jwt),
    http: optional(httpAuthentication),
    postgresql: optional(z.strictObject(sqlAuthentication).meta({ id: 'PostgresqlAuthenticationArgs' })),
    mysql: optional(z.strictObject(sqlAuthentication).meta({ id: 'MysqlAuthenticationArgs' })),
    redis: optional(redisAuthentication),
    ldap: optional(ldapAuthentication),
    clientCertificate: optional(z.boolean()),
  })
  .meta({ id: 'AuthenticatorArgs' });

const authorizationRule = z
  .strictObject({
    permission: z.enum(['allow', 'deny']),
    who: optional(
      z
        .strictObject({
          user: optional(text),
          clientId: optional(text),
          cidrs: optional(ranges),
          anonymous: optional(z.boolean()),
        })
        .meta({ id: 'WhoArgs' }),
    ),
    action: optional(z.enum(['publish', 'subscribe', 'all'])),
    topics: z.array(text),
  })
  .meta({ id: 'AuthorizationRuleArgs' });

const authorization = z
  .strictObject({
    rules: optional(z.array(authorizationRule)),
    noMatch: optional(z.enum(['deny', 'allow'])),
    denyAction: optional(z.enum(['ignore', 'disconnect'])),
  })
  .meta({ id: 'AuthorizationArgs' });

const emqx = z
  .strictObject({
    ...machine,
    brokers: optional(z.union([whole, z.record(text, broker)])),
    version: optional(text),
    licenseKey: optional(text),
    cookie: optional(text),
    dashboardPassword: optional(text),
    dataVolumeGib: optional(whole),
    authentication: optional(z.array(authenticator)),
    authorization: optional(authorization),
    repository: optional(
      z.strictObject({ url: optional(text), keyUrl: optional(text) }).meta({ id: 'RepositoryArgs' }),
    ),
  })
  .meta({ id: 'EmqxArgs' });

const haproxy = z
  .strictObject({
    ...machine,
    maxKeepaliveSeconds: optional(whole),
    refuseLongKeepalive: optional(z.boolean()),
    largestConnectBytes: optional(whole),
    inspectDelaySeconds: optional(whole),
    tls: optional(
      z
        .strictObject({
          minVersion: optional(z.enum(['TLSv1.2', 'TLSv1.3'])),
          ticketLifetimeSeconds: optional(whole),
        })
        .meta({ id: 'TlsArgs' }),
    ),
    stats: optional(
      z
        .strictObject({
          user: optional(text),
          password: optional(text),
          refreshSeconds: optional(whole),
          allowedCidrs: optional(ranges),
        })
        .meta({ id: 'StatsArgs' }),
    ),
    healthCheck: optional(
      z
        .strictObject({
          intervalMs: optional(whole),
          timeoutMs: optional(whole),
          fall: optional(whole),
          rise: optional(whole),
        })
        .meta({ id: 'HealthCheckArgs' }),
    ),
    keepalived: optional(
      z
        .strictObject({
          advertIntervalMs: optional(whole),
          routerId: optional(whole),
          preferred: optional(text),
          preempt: optional(z.boolean()),
          graceMs: optional(whole),
          interface: optional(text),
        })
        .meta({ id: 'KeepalivedArgs' }),
    ),
  })
  .meta({ id: 'HaproxyArgs' });

const listener = z
  .strictObject({
    port: optional(whole),
    brokerPort: optional(whole),
    allowedCidrs: optional(ranges),
    maxConnections: optional(whole),
    balancing: optional(
      z
        .strictObject({
          method: optional(
            z.enum(['clientId', 'clientIdTable', 'roundRobin', 'sourceAddress', 'leastConnections']),
          ),
          entries: optional(whole),
          expireSeconds: optional(whole),
          keyLength: optional(whole),
          slowStartSeconds: optional(whole),
        })
        .meta({ id: 'BalancingArgs' }),
    ),
    inspect: optional(z.boolean()),
    clientCertificates: optional(
      z
        .strictObject({
          verify: z.enum(['optional', 'required']),
          ca: text,
          crl: optional(text),
          identity: optional(z.enum(['none', 'username', 'clientid'])),
        })
        .meta({ id: 'ClientCertificatesArgs' }),
    ),
    anonymous: optional(z.boolean()),
    path: optional(text),
    rateLimit: optional(
      z
        .strictObject({
          connectionsPerSource: whole,
          periodSeconds: optional(whole),
          sparedCidrs: optional(ranges),
        })
        .meta({ id: 'RateLimitArgs' }),
    ),
  })
  .meta({ id: 'ListenerArgs' });

const generatedCertificates = z
  .strictObject({
    dnsNames: optional(z.array(text)),
    organization: optional(text),
    validityDays: optional(whole),
    caValidityDays: optional(whole),
  })
  .meta({ id: 'GeneratedCertificatesArgs' });

const givenCertificate = z
  .strictObject({ certificateChain: text, privateKey: text, ca: text, dnsNames: optional(z.array(text)) })
  .meta({ id: 'GivenCertificateArgs' });

const jumpHost = z
  .strictObject({ host: text, user: text, privateKey: text, hostKey: text })
  .meta({ id: 'JumpHostArgs' });

/** The configuration of a stack, below the project's name. */
export const configurationSchema = z
  .strictObject({
    network: optional(z.union([newNetwork, adoptedNetwork])),
    emqx: optional(emqx),
    haproxy: optional(haproxy),
    listeners: optional(
      z
        .strictObject({
          mqtt: optional(listener),
          mqtts: optional(listener),
          ws: optional(listener),
          wss: optional(listener),
        })
        .meta({ id: 'ListenersArgs' }),
    ),
    proxyProtocol: optional(z.boolean()),
    certificates: optional(z.union([generatedCertificates, givenCertificate])),
    virtualIp: optional(
      z
        .strictObject({
          mode: optional(z.enum(['elasticIp', 'route', 'privateIp'])),
          allocationId: optional(text),
          address: optional(text),
          routeTableIds: optional(z.record(text, text)),
          publicAddress: optional(z.boolean()),
        })
        .meta({ id: 'VirtualIpArgs' }),
    ),
    elasticIpQuota: optional(whole),
    ssh: z
      .strictObject({
        allowedCidrs: ranges,
        via: optional(z.union([z.enum(['balancers', 'private']), jumpHost])),
      })
      .meta({ id: 'SshArgs' }),
    protect: optional(z.boolean()),
    tags: optional(z.record(text, text)),
  })
  .meta({ id: 'MqttPlatformArgs' }) satisfies z.ZodType<MqttPlatformArgs>;

export type Configuration = z.infer<typeof configurationSchema>;
