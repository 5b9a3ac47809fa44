export { MqttPlatform, checkMqttPlatformArgs } from './platform/mqttPlatform';
export type { MqttPlatformArgs } from './platform/mqttPlatform';
export { Network } from './network/network';
export type { AdoptedNetworkArgs, AdoptedSubnetArgs, NetworkArgs, NewNetworkArgs } from './network/arguments';
export type { NetworkSubnet } from './network/parts';
export { Certificates } from './certificates/certificates';
export type {
  CertificateNames,
  CertificatesArgs,
  GeneratedCertificatesArgs,
  GivenCertificateArgs,
} from './certificates/certificates';
export { EmqxCluster } from './brokers/emqxCluster';
export type { EmqxArgs, EmqxClusterArgs, RepositoryArgs } from './brokers/emqxCluster';
export { allowTowardsBrokers } from './balancers/rules';
export { HaproxyPair } from './balancers/haproxyPair';
export type { HaproxyPairArgs } from './balancers/haproxyPair';
export { VirtualIp } from './virtualIp/virtualIp';
export type { VirtualIpPlacement } from './virtualIp/virtualIp';
export { Host } from './host/host';
export type { HostArgs, HostFacts } from './host/host';
export type { PolicyStatement } from './host/role';
export type { HostSecret } from './host/secrets';
export type { JumpHostArgs, SshArgs, SshTarget } from './host/ssh';
export type {
  HaproxyArgs,
  HealthCheckArgs,
  KeepalivedArgs,
  PlannedBalancer,
  StatsArgs,
  TlsArgs,
} from './balancers/plan';
export type { Access, AccessPromise } from './brokers/access';
export type { AuthenticatorArgs } from './brokers/authentication';
export type {
  MysqlAuthenticationArgs,
  PostgresqlAuthenticationArgs,
  RedisAuthenticationArgs,
  SqlAuthenticationArgs,
} from './brokers/authenticators/databases';
export type { HttpAuthenticationArgs } from './brokers/authenticators/http';
export type { JwtArgs } from './brokers/authenticators/jwt';
export type { LdapAuthenticationArgs } from './brokers/authenticators/ldap';
export type { PasswordHashArgs } from './brokers/authenticators/passwordHash';
export type { ServerArgs, ServerTlsArgs } from './brokers/authenticators/server';
export type { AuthorizationArgs, AuthorizationRuleArgs, WhoArgs } from './brokers/authorization';
export type { User, UserArgs } from './brokers/users';
export type { BrokerArgs, BrokersArgs, PlannedBroker } from './brokers/plan';
export { planBrokers } from './brokers/plan';
export type { ClientCertificatesArgs } from './listeners/clientCertificates';
export type { BalancingArgs, ListenerArgs, ListenersArgs, RateLimitArgs } from './listeners/plan';
export type { MachineArgs } from './host/machines';
export { planVirtualIp } from './virtualIp/plan';
export type { PlannedVirtualIp, VirtualIpArgs, VirtualIpMode } from './virtualIp/plan';
export { Problems } from './rendering/problems';
export type { Problem } from './rendering/problems';
export type { Architecture, OperatingSystem } from './host/operatingSystems';
export type { HostFile } from './host/fileSet';
export type { Tags } from './rendering/naming';
