/**
 * Keys of a service of compose that `qbtc.yaml` has no counterpart for, each with what holds instead. Those that a process
 * on this machine needs no counterpart for have an empty text, and are passed over.
 */
const INSTEAD: Readonly<Record<string, string>> = {
  cap_add: 'services run with the rights of who runs qbtc up',
  cap_drop: 'services run with the rights of who runs qbtc up',
  configs: 'services read their files where they stand in the repository',
  container_name: '',
  cpus: 'services share the machine; nothing bounds them',
  cpu_shares: 'services share the machine; nothing bounds them',
  devices: 'services reach the devices of the machine',
  develop: 'qbtc restart NAME starts what has changed',
  dns: 'services resolve names as the machine does',
  domainname: '',
  expose: '',
  extra_hosts: 'services resolve names as the machine does: put them into /etc/hosts',
  group_add: 'services run with the rights of who runs qbtc up',
  hostname: '',
  init: '',
  ipc: 'services share what the machine has',
  labels: '',
  links: '',
  logging: 'what services write is kept in .qbtc/logs: qbtc logs',
  mac_address: 'services have the network of the machine',
  mem_limit: 'services share the machine; nothing bounds them',
  mem_reservation: 'services share the machine; nothing bounds them',
  network_mode: 'all services are reached on 127.0.0.1',
  networks: 'all services are reached on 127.0.0.1: there is no separation',
  pid: 'services see the processes of the machine',
  platform: 'services run on the machine as it is',
  privileged: 'services run with the rights of who runs qbtc up',
  pull_policy: '',
  read_only: 'services may write where who runs qbtc up may',
  restart: '',
  secrets: 'declare them in secrets of qbtc.yaml, and give them to services in env',
  security_opt: 'services run with the rights of who runs qbtc up',
  shm_size: 'services have the shared memory of the machine',
  stdin_open: '',
  sysctls: 'services have the settings of the machine',
  tmpfs: 'services write to the disk of the machine',
  tty: '',
  ulimits: 'services have the limits of who runs qbtc up',
  user: 'services run as who runs qbtc up',
  userns_mode: 'services run as who runs qbtc up',
  volumes: 'services read and write where they stand in the repository; data of resources is kept in .qbtc',
  volumes_from: 'services read and write where they stand in the repository',
};
/** What is read. */
const READ = new Set([
  'build',
  'command',
  'depends_on',
  'deploy',
  'entrypoint',
  'env_file',
  'environment',
  'expose',
  'extends',
  'healthcheck',
  'image',
  'labels',
  'ports',
  'profiles',
  'scale',
  'stop_grace_period',
  'stop_signal',
  'working_dir',
]);
/** Of the build alone: the image is not what runs. */
const UNKNOWN = 'nothing: qbtc does not know it';

/** What holds instead of a key; `undefined` where nothing is lost. */
export function insteadOfFeature(key: string): string | undefined {
  if (READ.has(key) || key.startsWith('x-')) return undefined;
  const instead = Object.hasOwn(INSTEAD, key) ? INSTEAD[key] : UNKNOWN;
  return instead === '' ? undefined : instead;
}
