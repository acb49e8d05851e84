import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
