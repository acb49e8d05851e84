import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readComposeModel } from '../../../../src/runtimes/containers/compose/model.ts';
import { shortPort } from '../../../../src/runtimes/containers/compose/ports.ts';
import { shellWords } from '../../../../src/runtimes/containers/compose/shell-words.ts';
import { shortVolume } from '../../../../src/runtimes/containers/compose/volumes.ts';
import { readComposeFile } from '../../../../src/runtimes/containers/compose-file.ts';
import { containerOptions } from '../../../../src/runtimes/containers/engine/options.ts';
import { temporaryFolder } from '../../../support/quiet-context.ts';
import { COMMANDS, ESCAPES, PORTS } from './forms.ts';

/** The model of a service `a`, written as the inside of its mapping. */
async function read(
  service: string,
  {
    top = '',
    env = {},
    values = '',
  }: {
    top?: string;
    env?: Record<string, string>;
    values?: string;
  } = {},
) {
  const root = await temporaryFolder();
  const composeFile = join(root, 'compose.yaml');
  await writeFile(composeFile, `services:\n  a: {image: x, ${service}}\n  unused: {wrong: key}\n${top}`);
  await writeFile(join(root, 'one.env'), "FROM_FILE='a#b'\nBOTH=file\n");
  await mkdir(join(root, '.qbtc', 'compose'), { recursive: true });
  await writeFile(join(root, '.qbtc', 'compose', '.env'), values);
  const file = await readComposeFile({ resources: [], root, composeFile });
  if (file === undefined) throw new Error('no file');
  const model = await readComposeModel({ env }, file, ['a']);
  return { model, service: model.services.a as NonNullable<(typeof model.services)[string]>, root };
}

const options = async (...given: Parameters<typeof read>) => {
  const { service } = await read(...given);
  return containerOptions(service, {
    project: 'p',
    name: 'a',
    containerName: 'p-a-1',
    index: 1,
    image: 'x',
    folder: '/stack',
    labels: {},
    volumeName: (key) => `p_${key}`,
    networkName: (key) => `p_${key}`,
    inherited: new Map(),
    graceSeconds: undefined,
  });
};

describe('a command that is a text', () => {
  test.each([...COMMANDS, ...ESCAPES])('%j', (text, words) => {
    expect(shellWords(text.replaceAll('$$', '$'))).toEqual(words);
  });

  test.each([
    ['a && b', 'found & outside of quotes'],
    ['a | b', 'found | outside of quotes'],
    ['a > /tmp/x', 'found > outside of quotes'],
    ['a; b', 'found ; outside of quotes'],
    ['echo $(date)', 'found ( outside of quotes'],
    ['echo `date`', 'found ` outside of quotes'],
    ['a "b', 'found no closing "'],
    ['a \\', 'found a backslash at the end'],
  ])('%j is refused: compose would cut it off or refuse it', (text, problem) => {
    expect(shellWords(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  test('is no shell line, whether it is the command or the entrypoint', async () => {
    expect(await options('command: redis-server --port 1, entrypoint: /bin/x -v')).toMatchObject({
      Cmd: ['redis-server', '--port', '1'],
      Entrypoint: ['/bin/x', '-v'],
    });
    expect(await options('command: null')).not.toHaveProperty('Cmd');
    expect(await options('command: [], entrypoint: ""')).toMatchObject({ Cmd: [], Entrypoint: [] });
  });
});

describe('ports', () => {
  test.each(PORTS)('%s', (written, expected) => {
    expect(shortPort(written)).toEqual(expected);
  });

  test.each([
    '',
    'x',
    '127.0.0.1:80',
    '80:',
    '80-79',
    '1-3:1-2',
    '70000',
    '80/icmp',
    '0',
    '1:2:3:4',
    'a:b',
  ])('%j is refused', (written) => {
    expect(shortPort(written)).toEqual({ problem: expect.stringContaining(JSON.stringify(written)) });
  });

  test('in the long form, of a number, and several of one', async () => {
    expect(
      await options(
        'ports: [3000, "127.0.0.1:1:80", "2:80", {target: 53, published: 54, protocol: udp, host_ip: "::1", mode: host, name: dns}], expose: [3001, "4000-4001/udp"]',
      ),
    ).toMatchObject({
      ExposedPorts: {
        '3000/tcp': {},
        '80/tcp': {},
        '53/udp': {},
        '3001/tcp': {},
        '4000/udp': {},
        '4001/udp': {},
      },
      HostConfig: {
        PortBindings: {
          '3000/tcp': [{ HostIp: '', HostPort: '' }],
          '80/tcp': [
            { HostIp: '127.0.0.1', HostPort: '1' },
            { HostIp: '', HostPort: '2' },
          ],
          '53/udp': [{ HostIp: '::1', HostPort: '54' }],
        },
      },
    });
  });
});

describe('volumes', () => {
  test.each([
    ['/data', { type: 'volume', target: '/data', options: [] }],
    ['data:/data', { type: 'volume', source: 'data', target: '/data', options: [] }],
    ['./a:/a:ro', { type: 'bind', source: './a', target: '/a', options: ['ro'] }],
    ['../a:/a:rw', { type: 'bind', source: '../a', target: '/a', options: [] }],
    ['/a:/b:ro,z', { type: 'bind', source: '/a', target: '/b', options: ['ro', 'z'] }],
    ['~/a:/a', { type: 'bind', source: '~/a', target: '/a', options: [] }],
    ['C:\\a:/a:ro', { type: 'bind', source: 'C:\\a', target: '/a', options: ['ro'] }],
    ['d:/a:nocopy', { type: 'volume', source: 'd', target: '/a', options: ['nocopy'] }],
    ['./a:/a:cached', { type: 'bind', source: './a', target: '/a', options: [] }],
  ])('%s', (written, mount) => {
    expect(shortVolume(written)).toEqual(mount);
  });

  test.each(['', 'a:', ':/a', 'a:/b:ro:x', 'a:/b:readonly'])('%j is refused', (written) => {
    expect(shortVolume(written)).toHaveProperty('problem');
  });

  test('of every kind reach the engine', async () => {
    const top = 'volumes: {data: }\n';
    const given = await options(
      `volumes: [/anonymous, "data:/data:ro", "./a:/a", {type: volume, source: data, target: /d2, volume: {nocopy: true}}, {type: bind, source: ./b, target: /b, bind: {create_host_path: false}}, {type: tmpfs, target: /t, tmpfs: {size: 10m, mode: 448}}]`,
      { top },
    );
    expect(given.HostConfig).toMatchObject({
      Binds: ['p_data:/data:ro', '/stack/a:/a', 'p_data:/d2:nocopy'],
      Mounts: [
        {
          Type: 'volume',
          Target: '/anonymous',
          VolumeOptions: { Labels: { 'com.docker.compose.project': 'p' } },
        },
        { Type: 'bind', Source: '/stack/b', Target: '/b' },
        { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 10 * 1024 ** 2, Mode: 448 } },
      ],
    });
  });
});

test('what else a service says reaches the engine', async () => {
  const given = await options(
    [
      'user: 1000, working_dir: /w, hostname: h, domainname: d, tty: "true", stdin_open: yes, read_only: "${RO:-false}"',
      'mem_limit: 1.5g, mem_reservation: 512MiB, memswap_limit: -1, shm_size: 64m, cpus: "0.5", cpu_shares: 10, pids_limit: 100',
      'ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}, sysctls: [net.core.somaxconn=1], devices: ["/dev/a", "/dev/b:/dev/c:r"]',
      'dns: 1.1.1.1, dns_search: [a, b], group_add: [5], privileged: true, logging: {driver: none}, ipc: host, pid: host',
      'extra_hosts: {db: 10.0.0.1}, restart: "on-failure:3", stop_signal: SIGINT, stop_grace_period: 1m30s',
      'healthcheck: {test: [CMD, a], interval: 1m, timeout: 500ms, retries: 3}, tmpfs: "/run:size=1m"',
      'env_file: one.env, environment: [PLAIN=1, PASSED, NOT_SET, BOTH=own], labels: [l=1, m]',
      'networks: {back: {priority: 5, aliases: [db]}, front: {ipv4_address: 10.0.0.5}}, depends_on: [b]',
    ].join(', '),
    { top: 'networks: {back: , front: {internal: true}}\n', env: { PASSED: 'x' } },
  );
  expect(given).toMatchObject({
    User: '1000',
    Tty: true,
    OpenStdin: true,
    StopTimeout: 90,
    Env: ['FROM_FILE=a#b', 'BOTH=own', 'PLAIN=1', 'PASSED=x'],
    Labels: { l: '1', m: '', 'com.docker.compose.depends_on': 'b:service_started:false' },
    Healthcheck: { Test: ['CMD', 'a'], Interval: 60e9, Timeout: 0.5e9, Retries: 3 },
    HostConfig: {
      ReadonlyRootfs: false,
      Memory: 1.5 * 1024 ** 3,
      MemoryReservation: 512 * 1024 ** 2,
      MemorySwap: -1,
      ShmSize: 64 * 1024 ** 2,
      NanoCpus: 5e8,
      PidsLimit: 100,
      Ulimits: [
        { Name: 'nofile', Soft: 1, Hard: 2 },
        { Name: 'nproc', Soft: 3, Hard: 3 },
      ],
      Sysctls: { 'net.core.somaxconn': '1' },
      Devices: [
        { PathOnHost: '/dev/a', PathInContainer: '/dev/a', CgroupPermissions: 'rwm' },
        { CgroupPermissions: 'r' },
      ],
      Dns: ['1.1.1.1'],
      DnsSearch: ['a', 'b'],
      GroupAdd: ['5'],
      Privileged: true,
      LogConfig: { Type: 'none' },
      ExtraHosts: ['db:10.0.0.1'],
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      Tmpfs: { '/run': 'size=1m' },
      NetworkMode: 'p_back',
    },
    NetworkingConfig: { EndpointsConfig: { p_back: { Aliases: ['a', 'p-a-1', 'db'] } } },
  });
});

test('a check that is switched off, limits of `deploy`, and a network of the machine', async () => {
  const given = await options(
    'healthcheck: {disable: true}, network_mode: host, deploy: {replicas: 2, resources: {limits: {cpus: "2", memory: 1g}}}',
  );
  expect(given).toMatchObject({
    Healthcheck: { Test: ['NONE'] },
    HostConfig: { NetworkMode: 'host', NanoCpus: 2e9, Memory: 1024 ** 3 },
  });
  expect(given).not.toHaveProperty('NetworkingConfig');
});

test('a number keeps its digits', async () => {
  expect((await options('environment: {ID: 9007199254740993, F: 1.5, T: true}')).Env).toEqual([
    'ID=9007199254740993',
    'F=1.5',
    'T=true',
  ]);
});

test('networks and volumes are those that the services use', async () => {
  const top = 'volumes: {used: {name: mine}, other: }\nnetworks: {n: {external: true}}\nversion: "3.8"\n';
  const { model } = await read('volumes: ["used:/u"], networks: [n]', { top });
  expect(model.volumes).toEqual({ used: expect.objectContaining({ name: 'mine' }) });
  expect(Object.keys(model.networks)).toEqual(['n']);
  expect(Object.keys((await read('command: x')).model.networks)).toEqual(['default']);
});

/**
 * Every key of a service in the Compose specification that is not carried out (compose-spec.json), and forms of those
 * that are.
 */
describe('is refused by its name and place, and nothing is dropped', () => {
  const unknown = [
    ...['annotations', 'blkio_config', 'cgroup', 'cgroup_parent', 'configs', 'cpu_count', 'cpu_percent'],
    ...[
      'cpu_rt_period',
      'cpu_rt_runtime',
      'credential_spec',
      'device_cgroup_rules',
      'driver_opts',
      'extends',
    ],
    ...[
      'external_links',
      'gpus',
      'isolation',
      'label_file',
      'links',
      'mac_address',
      'mem_swappiness',
      'models',
    ],
    ...['platform', 'post_start', 'pre_stop', 'provider', 'secrets', 'storage_opt', 'use_api_socket'],
    ...['userns_mode', 'uts', 'volumes_from', 'imagee'],
  ];
  test.each(unknown)('%s', async (key) => {
    await expect(read(`${key}: x`)).rejects.toMatchObject({
      code: 'COMPOSE_INVALID',
      details: [
        expect.stringMatching(new RegExp(`compose\\.yaml:2:\\d+ services\\.a\\.${key}: this key is not`)),
      ],
    });
  });

  test.each([
    ['command: a && b', 'services.a.command: found & outside of quotes'],
    ['ports: ["1-2:3-5"]', 'services.a.ports: found "1-2:3-5"'],
    ['ports: [{published: 1}]', 'services.a.ports.0'],
    ['volumes: ["x:/y"]', 'services.a.volumes.0: found x, expected a volume that "volumes" declares'],
    ['volumes: [{type: npipe, target: /x}]', 'services.a.volumes.0.type: expected bind, volume or tmpfs'],
    [
      'volumes: [{type: volume, target: /x, volume: {subpath: y}}]',
      'services.a.volumes.0.volume: subpath is not',
    ],
    ['networks: [n]', 'services.a.networks: found n, expected a network that "networks" declares'],
    ['network_mode: "service:b"', 'services.a.network_mode: expected none, host or bridge'],
    ['network_mode: host, networks: [default]', 'found networks and network_mode'],
    ['env_file: none.env', 'services.a.env_file: found none.env, which does not exist'],
    ['stop_grace_period: 10', 'services.a.stop_grace_period: found 10, expected a duration'],
    ['mem_limit: lots', 'services.a.mem_limit: found "lots", expected an amount'],
    ['privileged: maybe', 'services.a.privileged: found "maybe", expected true or false'],
    ['scale: many', 'services.a.scale: found "many", expected a number'],
    ['healthcheck: {test: [curl]}', 'services.a.healthcheck.test: expected a list that begins with CMD'],
    ['build: "https://host/x.git"', 'services.a.build.context: expected a folder of this machine'],
    [
      'depends_on: {b: {condition: healthy}}',
      'services.a.depends_on: expected names, or names with a condition',
    ],
    ['deploy: {placement: {}}', 'services.a.deploy.placement: this key is not carried out'],
    ['pull_policy: daily', 'services.a.pull_policy: expected missing'],
    ['environment: {A: "${X:?say it}"}', 'services.a.environment.A: X is not set: say it'],
  ])('%s', async (service, says) => {
    await expect(read(service)).rejects.toMatchObject({
      code: 'COMPOSE_INVALID',
      details: [expect.stringContaining(says)],
    });
  });

  test.each([
    ['include: [x]\n', 'include: this key is not'],
    ['secrets: {x: {}}\n', 'secrets: this key is not'],
    ['networks: {n: {ipam: {}}}\n', 'networks.n.ipam: this key is not'],
  ])('%j', async (top, says) => {
    await expect(read('command: x', { top })).rejects.toMatchObject({
      details: [expect.stringContaining(says)],
    });
  });
});
