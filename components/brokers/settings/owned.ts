/** What the package says itself, by its path in EMQX's configuration, with what to give instead. */
const owned: Readonly<Record<string, string>> = {
  listeners: 'give `listeners`',
  zones: 'give `anonymous: true` on a listener; other zones have no listener here',
  authentication: 'give `emqx.authentication`',
  'authorization.sources': 'give `emqx.authorization.rules`',
  'authorization.no_match': 'give `emqx.authorization.noMatch`',
  'authorization.deny_action': 'give `emqx.authorization.denyAction`',
  'mqtt.peer_cert_as_username': 'give `clientCertificates.identity` of a listener',
  'mqtt.peer_cert_as_clientid': 'give `clientCertificates.identity` of a listener',
  'dashboard.listeners.http': 'it answers on port 18083, where balancers and programs ask for it',
  'dashboard.default_username': 'its name is admin',
  'dashboard.default_password': 'give `emqx.dashboardPassword`',
  api_key: 'the file of keys is made here',
  'license.key': 'give `emqx.licenseKey`',
  'node.name': 'it follows from `emqx.brokers`',
  'node.cookie': 'give `emqx.cookie`',
  'node.data_dir': 'it is /var/lib/emqx, on the data volume',
  'node.max_ports': 'it follows from `maxConnections` of the listeners',
  'node.role': 'every broker is a core',
  'cluster.name': 'it is the name of the platform',
  'cluster.discovery_strategy': 'give `emqx.brokers`',
  'cluster.core_nodes': 'give `emqx.brokers`',
  'cluster.static': 'give `emqx.brokers`',
  'cluster.dns': 'give `emqx.brokers`',
  'cluster.etcd': 'give `emqx.brokers`',
  'cluster.k8s': 'give `emqx.brokers`',
  'cluster.autoheal': 'it is on',
  // A broker with TLS reaches none without, so that a rolling change would part the cluster.
  'cluster.proto_dist': 'brokers reach each other without TLS, on ports that only they may use',
  'rpc.driver': 'brokers reach each other without TLS, on ports that only they may use',
  'rpc.port_discovery': 'brokers reach each other on ports 4370 and 5370',
  'rpc.server_port': 'brokers reach each other on ports 4370 and 5370',
  'rpc.tcp_server_port': 'brokers reach each other on ports 4370 and 5370',
  'rpc.ssl_server_port': 'brokers reach each other on ports 4370 and 5370',
};

/** What to give instead of a setting that is the package's own; undefined for all others. */
export function insteadOf(keys: readonly string[]): string | undefined {
  return owned[keys.join('.')];
}
