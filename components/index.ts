export { MqttPlatform } from './platform/mqttPlatform';
export { activeBalancer } from './platform/activeBalancer';
export { checkMqttPlatformArgs, planPlatform } from './platform/plan';
export type { PlatformPlan } from './platform/plan';
export type { MqttPlatformArgs } from './platform/arguments';
export { Network } from './network/network';
export type { AdoptedNetworkArgs, AdoptedSubnetArgs, NetworkArgs, NewNetworkArgs } from './network/arguments';
export type { NetworkSubnet } from './network/parts';
export { Certificates } from './certificates/certificates';
export type {
  CertificateNames,
  CertificatesArgs,
  FurtherCertificateArgs,
  GeneratedCertificatesArgs,
  GivenCertificateArgs,
} from './certificates/arguments';
export { EmqxCluster } from './brokers/emqxCluster';
export type { EmqxArgs, RepositoryArgs } from './brokers/arguments';
export type { EmqxClusterArgs } from './brokers/clusterArguments';
export { allowTowardsBrokers } from './balancers/rules';
export { HaproxyPair } from './balancers/haproxyPair';
export type { HaproxyPairArgs } from './balancers/pairArguments';
export { VirtualIp } from './virtualIp/virtualIp';
export type { VirtualIpPlacement } from './virtualIp/virtualIp';
export { Host } from './host/host';
export type { HostArgs, HostFacts } from './host/host';
export type { PolicyStatement } from './host/role';
export type { HostSecret } from './host/secrets';
export type { JumpHostArgs, SshArgs, SshTarget } from './host/ssh';
export type {
  DashboardArgs,
  HaproxyArgs,
  HealthCheckArgs,
  KeepalivedArgs,
  StatsArgs,
  TlsArgs,
} from './balancers/arguments';
export type { PlannedBalancer } from './balancers/plan';
export type { AccessPromise } from './brokers/access';
export type { Access } from './brokers/chains';
export type { ApiKey, ApiKeyArgs } from './brokers/apiKeys';
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
export type { BackupArgs } from './brokers/backup/arguments';
export type { User, UserArgs } from './brokers/users';
export type { BrokerArgs, BrokersArgs } from './brokers/arguments';
export type { PlannedBroker } from './brokers/plan';
export { planBrokers } from './brokers/plan';
export type {
  BalancingArgs,
  ClientCertificatesArgs,
  ListenerArgs,
  ListenerTlsArgs,
  ListenersArgs,
  FailedLoginsArgs,
  RateLimitArgs,
} from './listeners/arguments';
export type { AccountArgs, IamArgs } from './host/account';
export type { MachineArgs } from './host/machines';
export type { UpdatesArgs, WindowArgs } from './host/updates';
export type { EgressRuleArgs, OpeningArgs } from './host/openings';
export { planVirtualIp } from './virtualIp/plan';
export type { PlannedVirtualIp } from './virtualIp/plan';
export type { VirtualIpArgs, VirtualIpMode } from './virtualIp/arguments';
export { Problems } from './rendering/problems';
export type { Problem } from './rendering/problems';
export type { Architecture, OperatingSystem } from './host/operatingSystems';
export type { HostFile } from './host/fileSet';
export type { Tags } from './rendering/naming';
