import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { qbtc } from '../support/qbtc.ts';
import { repositoryOf } from './repository.ts';

const API = `const { createServer } = require('node:http');
const { createConnection } = require('node:net');
createServer((request, response) => {
  if (request.url !== '/healthz') return response.writeHead(404).end();
  const { hostname, port } = new URL(process.env.CACHE_URL);
  const cache = createConnection(Number(port), hostname, () => {
    cache.end();
    response.end('well');
  });
  cache.on('error', () => response.writeHead(503).end());
}).listen(process.env.PORT || 3000);
process.on('SIGTERM', () => process.exit(0));
`;

test('two commands bring up what a compose file describes, without a line changed', async () => {
  const [api = 0, cache = 0] = await freePorts(2);
  const root = await repositoryOf({
    'compose.yaml': `services:
  api:
    build: api
    ports: ["${api}:3000"]
    environment: { CACHE_URL: "redis://cache:6379/0", NODE_ENV: development }
    depends_on: [cache]
    healthcheck: { test: curl -f http://localhost:3000/healthz || exit 1 }
  worker:
    build: worker
    command: node worker.js
  cache: { image: "redis:7", ports: ["${cache}:6379"] }
`,
    'api/package.json': '{"name": "api", "scripts": {"start": "node server.js"}}',
    'api/server.js': API,
    'worker/package.json': '{"name": "worker"}',
    'worker/worker.js': "setInterval(() => console.log('working'), 500);\n",
  });
  const dry = await qbtc(['init', '--dry-run'], root);
  expect(dry.code, dry.stderr).toBe(0);
  expect(dry.stdout).toContain('nothing was written');
  await expect(readFile(join(root, 'qbtc.yaml'))).rejects.toThrow('ENOENT');

  const init = await qbtc(['init', '--yes', '--json'], root);
  expect(init.code, init.stderr).toBe(0);
  expect(JSON.parse(init.stdout)).toMatchObject({ name: 'shop', obstacles: [], losses: [] });
  const again = await qbtc(['init', '--yes'], root);
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toContain('--update');

  try {
    const up = await qbtc(['up'], root);
    expect(up.code, up.stdout + up.stderr).toBe(0);
    const flow = await qbtc(['test'], root);
    expect(flow.code, flow.stdout + flow.stderr).toBe(0);
    const answer = await fetch(`http://127.0.0.1:${api}/healthz`);
    expect(await answer.text()).toBe('well');
  } finally {
    const down = await qbtc(['down', '--volumes'], root);
    expect(down.code, down.stderr).toBe(0);
  }
}, 120_000);
