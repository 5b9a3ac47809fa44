export { MqttPlatform, checkMqttPlatformArgs } from './mqttPlatform';
export type { MqttPlatformArgs } from './mqttPlatform';
export { Network } from './network';
export type {
  AdoptedNetworkArgs,
  AdoptedSubnetArgs,
  NetworkArgs,
  NetworkSubnet,
  NewNetworkArgs,
} from './network';
export { Certificates } from './certificates';
export type {
  CertificateNames,
  CertificatesArgs,
  GeneratedCertificatesArgs,
  GivenCertificateArgs,
} from './certificates';
export { EmqxCluster } from './emqxCluster';
export type { EmqxArgs, EmqxClusterArgs, RepositoryArgs } from './emqxCluster';
export { allowTowardsBrokers } from './balancerRules';
export { HaproxyPair } from './haproxyPair';
export type { HaproxyPairArgs } from './haproxyPair';
export { VirtualIp } from './virtualIp';
export type { VirtualIpPlacement } from './virtualIp';
export { Host } from './host';
export type { HostArgs, HostFacts } from './host';
export type { PolicyStatement } from './hostRole';
export type { HostSecret } from './hostSecret';
export type { JumpHostArgs, SshArgs, SshTarget } from './ssh';
export type {
  HaproxyArgs,
  HealthCheckArgs,
  KeepalivedArgs,
  PlannedBalancer,
  StatsArgs,
  TlsArgs,
} from './plan/balancers';
export type { BrokerArgs, BrokersArgs, PlannedBroker } from './plan/brokers';
export { planBrokers } from './plan/brokers';
export type { ClientCertificatesArgs } from './plan/clientCertificates';
export type { BalancingArgs, ListenerArgs, ListenersArgs, RateLimitArgs } from './plan/listeners';
export type { MachineArgs } from './plan/machines';
export { planVirtualIp } from './plan/virtualIp';
export type { PlannedVirtualIp, VirtualIpArgs, VirtualIpMode } from './plan/virtualIp';
export { Problems } from './plan/problems';
export type { Problem } from './plan/problems';
export type { Architecture, HostFile, OperatingSystem } from './render/model';
export type { Tags } from './naming';
