import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { glob } from 'tinyglobby';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  companionsOf,
  composeServices,
  readComposeFile,
} from '../../../src/runtimes/containers/compose-file.ts';
import { CHECKOUT } from '../../support/qbtc.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../../support/stack.ts';

const TEMPLATE = join(CHECKOUT, 'templates', 'stack');

interface Declared {
  services: Record<
    string,
    {
      healthcheck?: { test: unknown };
      labels?: Record<string, string>;
      ports?: string[];
      volumes?: string[];
      environment?: Record<string, string>;
      restart?: string;
      mem_limit?: string;
      stop_grace_period?: string;
      depends_on?: Record<string, { condition: string }>;
      build?: unknown;
      read_only?: boolean;
      cap_drop?: string[];
    }
  >;
  volumes: Record<string, { labels?: unknown }>;
  networks: Record<string, { labels?: unknown }>;
}

describe("the template's compose file", async () => {
  const path = join(TEMPLATE, 'infrastructure', 'docker-compose.yml');
  const declared = parse(await readFile(path, 'utf8'), { merge: true }) as Declared;
  const stackFile = parse(await readFile(join(TEMPLATE, 'qbtc.yaml'), 'utf8')) as {
    infrastructure: Record<string, unknown>;
  };
  const services = (await glob('*/*/service.yaml', { cwd: TEMPLATE })).map((file) => basename(dirname(file)));

  test('has every resource and service of qbtc.yaml by its name, and else only their companions', () => {
    const names = [...Object.keys(stackFile.infrastructure), ...services];
    expect(Object.keys(declared.services)).toEqual(expect.arrayContaining(names));
    const others = Object.keys(declared.services).filter((name) => !names.includes(name));
    expect(others.every((name) => names.some((owner) => name.startsWith(`${owner}-`)))).toBe(true);
  });

  test.each(Object.entries(declared.services))('%s', (_, service) => {
    expect(service.healthcheck?.test).toBeDefined();
    expect(Object.keys(service.labels ?? {})).toEqual(['managed-by', 'qbtc-stack', 'qbtc-place']);
    expect(service.restart).toBe('on-failure:5');
    // The engine's ten seconds are short for a checkpoint on a busy machine.
    expect(service.stop_grace_period).toMatch(service.build === undefined ? /^60s$/ : /^\d+s$/);
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    // Loopback only, and no port that is written here: they are those of qbtc.yaml.
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:(\?|-0)\}:/);
    for (const [name, value] of Object.entries(service.environment ?? {}))
      if (/PASS|KEY|USER/.test(name)) expect(value).toMatch(/^\$\{[A-Z_]+:\?\}$/);
    for (const needed of Object.values(service.depends_on ?? {}))
      expect(needed.condition).toBe('service_healthy');
    if (service.build !== undefined) {
      expect(service.read_only).toBe(true);
      expect(service.cap_drop).toEqual(['ALL']);
    }
  });

  test('labels what it keeps, and mounts only what is there', async () => {
    for (const { labels } of [...Object.values(declared.volumes), ...Object.values(declared.networks)])
      expect(labels).toBeDefined();
    const mounts = Object.values(declared.services).flatMap(({ volumes = [] }) => volumes);
    const files = mounts.filter((mount) => mount.startsWith('.')).map((mount) => mount.split(':')[0] ?? '');
    // The last two are copied by `qbtc new`; what is in `env/` is written by it.
    expect(files).toEqual([
      './rabbitmq/definitions.conf',
      './env/broker-definitions.json',
      './env/database-init.sql',
      './apisix_conf/config.yaml',
      './apisix_conf/lua',
    ]);
    await expect(readFile(join(TEMPLATE, 'infrastructure/rabbitmq/definitions.conf'))).resolves.toBeDefined();
    await expect(readFile(join(CHECKOUT, 'apisix_conf', 'config.yaml'))).resolves.toBeDefined();
  });

  test('the gateway brings its companion along, and nothing that qbtc.yaml names', async () => {
    const file = await readComposeFile({ resources: [], root: TEMPLATE, composeFile: path });
    if (file === undefined) throw new Error('no compose file');
    const stack = emptyStack(TEMPLATE, { resources: [{ ...postgresResource(1), name: 'gateway' }] });
    expect(companionsOf(file, stack, ['gateway'])).toEqual(['gateway-etcd']);
  });
});

describe('reading one', () => {
  const written = async (text: string) => {
    const composeFile = join(await temporaryFolder(), 'docker-compose.yml');
    await writeFile(composeFile, text);
    return { root: dirname(composeFile), composeFile };
  };

  test('none is none', async () => {
    expect([
      ...(await composeServices({
        resources: [],
        root: '/nowhere',
        composeFile: '/nowhere/docker-compose.yml',
      })),
    ]).toEqual([]);
  });

  test.each([
    ['services: [', /docker-compose\.yml:1:\d+/],
    ['services: 5\n', /docker-compose\.yml:1:11 services: /],
    ['services:\n  a:\n    depends_on: 7\n', /docker-compose\.yml:3:17 services\.a\.depends_on: /],
    ['version: "3"\n', /services: /],
  ])('a mistake is told with its place: %j', async (text, expected) => {
    await expect(readComposeFile({ resources: [], ...(await written(text)) })).rejects.toMatchObject({
      code: 'COMPOSE_INVALID',
      details: [expect.stringMatching(expected)],
    });
  });
});
