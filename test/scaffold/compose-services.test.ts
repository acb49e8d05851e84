import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseStackDocument } from '../../src/config/document.ts';
import { readStackDocument } from '../../src/config/load.ts';
import { withComposeServices } from '../../src/scaffold/compose-services.ts';
import { CHECKOUT } from '../support/qbtc.ts';

const FILE = join(CHECKOUT, 'templates/stack/infrastructure/docker-compose.yml');

// `npm run schema` lets it write the file.
test("the services of the template's compose file are as their own files say", async () => {
  const document = await readStackDocument({ file: join(CHECKOUT, 'templates/stack/qbtc.yaml') });
  const text = withComposeServices(await readFile(FILE, 'utf8'), document);
  await expect(text, 'out of date: run "npm run schema"').toMatchFileSnapshot(FILE);
});

test('a stand-in asks for nothing, and nobody waits for it; what stands outside of the part stays', async () => {
  const document = parseStackDocument(`
services:
  own: { path: own, entry: main.ts, port: 1 }
  run: { path: run, command: [python3, main.py], port: 2 }
  sim: { path: tools/sim, entry: src/main.ts, port: 3, stands_in_for: "\${EXCHANGE:-}" }
  trader: { path: services/trader, entry: src/main.ts, port: 4, depends_on: [broker, sim, run] }
`);
  const marked = withComposeServices(await readFile(FILE, 'utf8'), document);
  const before = marked.replace('\nnetworks:\n', '\n  own:\n    image: own\n\nnetworks:\n');
  const text = withComposeServices(before, document);
  const part = text.slice(text.indexOf('  # The services'), text.indexOf('  # End of'));
  expect(part.slice(part.indexOf('\n') + 1)).toBe(`  sim:
    <<: *service
    build:
      context: ..
      dockerfile: infrastructure/service.Dockerfile
      args: { SERVICE: tools/sim, ENTRY: src/main.ts }
    env_file: [{ path: env/sim.env, required: false }]
    ports: ["127.0.0.1:\${SIM_PORTS:-0}:\${SIM_PORT:-1}"]
    scale: \${SIM_REPLICAS:-0}

  trader:
    <<: *service
    build:
      context: ..
      dockerfile: infrastructure/service.Dockerfile
      args: { SERVICE: services/trader, ENTRY: src/main.ts }
    env_file: ["env/trader.env"]
    ports: ["127.0.0.1:\${TRADER_PORTS:?}:\${TRADER_PORT:?}"]
    scale: \${TRADER_REPLICAS:?}
    depends_on:
      broker: { condition: service_healthy }
`);
  expect(text).toContain('  own:\n    image: own\n');
  expect(withComposeServices('services: {}\n', document)).toBe('services: {}\n');
});

test('what has no port is asked by no engine, further ports are published, and another path is asked for', async () => {
  const document = parseStackDocument(`
services:
  worker: { path: worker, entry: main.ts }
  admin: { path: admin, entry: main.ts, port: 1, ports: { ops-api: 2 }, health: { path: /up$, status: 204 } }
  user: { path: user, entry: main.ts, port: 3, depends_on: [worker, admin] }
`);
  const text = withComposeServices(await readFile(FILE, 'utf8'), document);
  const block = (name: string) => text.slice(text.indexOf(`\n  ${name}:\n`)).split('\n\n')[0] ?? '';
  expect(block('worker')).not.toContain('ports:');
  expect(block('worker')).toContain('    healthcheck: { disable: true }\n');
  expect(block('admin')).toContain(
    '    ports: ["127.0.0.1:${ADMIN_PORTS:?}:${ADMIN_PORT:?}", "127.0.0.1:${ADMIN_PORTS_OPS_API:?}:${ADMIN_PORT_OPS_API:?}"]\n',
  );
  expect(block('user')).toContain('      worker: { condition: service_started }\n');
  expect(block('user')).toContain('      admin: { condition: service_healthy }\n');
  const { services } = parse(text, { merge: true }) as {
    services: Record<string, { healthcheck: { test: string[] } }>;
  };
  expect(services.admin?.healthcheck.test.at(-1)).toBe(
    `fetch('http://127.0.0.1:' + process.env.PORT + "/up$$").then((answer) => process.exit([204].includes(answer.status) ? 0 : 1), () => process.exit(1))`,
  );
});

test('one with a command of its own has a container where its folder says how its image is made', async () => {
  const document = parseStackDocument(`
services:
  tidy: { path: services/tidy, command: [python3, main.py], port: 1 }
  node: { path: services/node, command: [node, main.js], port: 2, depends_on: [tidy, bare] }
  bare: { path: services/bare, command: [node, main.js], port: 3 }
`);
  const text = withComposeServices(await readFile(FILE, 'utf8'), document, new Set(['tidy', 'node']));
  const { services } = parse(text, { merge: true }) as {
    services: Record<string, { build: object; healthcheck: { test: string[] }; depends_on?: object }>;
  };
  expect(services.bare).toBeUndefined();
  expect(services.tidy?.build).toEqual({ context: '../services/tidy' });
  expect(services.tidy?.healthcheck.test.slice(0, 3)).toEqual(['CMD', 'python3', '-c']);
  expect(services.node?.healthcheck.test.slice(0, 2)).toEqual(['CMD', 'node']);
  expect(services.node?.depends_on).toEqual({ tidy: { condition: 'service_healthy' } });
});
