import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { qbtc } from '../support/qbtc.ts';
import { repositoryOf, writeAll } from './repository.ts';

/** Listens where its file says, whatever it is told, and tells its health where nobody has written it down. */
const STUBBORN = `const { port } = require('./config.json');
const paths = { '/readyz': '{"status":"ok"}', '/actuator/prometheus': '# TYPE x counter\\nx 1\\n' };
require('node:http')
  .createServer(({ url }, response) => response.writeHead(url in paths ? 200 : 404).end(paths[url]))
  .listen(port, () => console.log(JSON.stringify({ level: 30, time: Date.now(), pid: 1, hostname: 'x', msg: 'up' })));
`;
/** Answers whatever it is asked with the same. */
const EASY = `require('node:http').createServer((_, response) => response.end('hello')).listen(process.env.PORT);
`;
const manifest = (name: string, needs: string) =>
  `{"name": "${name}", "scripts": {"start": "node ${name}.js"}, "dependencies": {"${needs}": "1"}}`;

test('each service is started once, and what was seen of it is written', async () => {
  const [stubborn = 0, easy = 0, told = 0] = await freePorts(3);
  const root = await repositoryOf({
    'stubborn/package.json': manifest('stubborn', 'express'),
    'stubborn/stubborn.js': `const told = process.env.PORT || ${told};\n${STUBBORN}`,
    'stubborn/config.json': `{"port": ${stubborn}}`,
    'easy/package.json': manifest('easy', 'express'),
    'easy/easy.js': `// default\nconst port = process.env.PORT || ${easy};\n${EASY}`,
    'worker/package.json': manifest('worker', 'ws'),
    'worker/worker.js': 'setInterval(() => {}, 1000);\n',
    'dead/package.json': manifest('dead', 'ws'),
    'dead/dead.js': "throw new Error('no FOO');\n",
    'node_modules/.keep': '',
  });
  const both = await qbtc(['init', '--probe', '--dry-run'], root);
  expect(both).toMatchObject({ code: 64 });

  const init = await qbtc(['init', '--yes', '--probe', '--timeout', '15', '--json'], root);
  expect(init.code, init.stderr).toBe(0);
  const { obstacles, files, seen } = JSON.parse(init.stdout);
  expect(seen).toMatchObject([
    { service: 'dead', ports: [] },
    { service: 'easy', ports: [easy], http: { port: easy, top: 200 } },
    { service: 'stubborn', ports: [stubborn], logs: 'pino' },
    { service: 'worker', ports: [] },
  ]);
  expect(obstacles).toMatchObject([
    { code: 'does-not-stay', of: 'dead' },
    { code: 'port-in-code', of: 'stubborn', found: `port ${stubborn}, whatever PORT says` },
  ]);
  expect(files).toMatchObject([{ change: 'created' }, { change: 'created' }]);
  const text = await readFile(join(root, 'qbtc.yaml'), 'utf8');
  expect(text).toContain(`    port: ${stubborn} # seen when it was started
    health: /readyz # seen when it was started
    metrics: /actuator/prometheus # seen when it was started
`);
  expect(text).toContain(`    port: ${easy} # easy/easy.js:2
    health:
      tcp: true # guess, by easy/easy.js:2
`);
  expect(text).toMatch(/worker: # worker\/package.json:1\n {4}path: worker .*\n {4}command: .*\n*$/);
  expect(await readFile(join(root, 'flows/first-request.yaml'), 'utf8')).toContain('/readyz');
  // Nothing of it runs on.
  const status = JSON.parse((await qbtc(['ps', '--json'], root)).stdout);
  expect(status.stacks.filter(({ name }: { name: string }) => name === 'shop')).toEqual([]);

  // What was seen is known to an update that starts nothing.
  await writeAll(root, { 'dead/dead.js': 'setInterval(() => {}, 1000);\n' });
  const update = await qbtc(['init', '--update', '--yes', '--json'], root);
  expect(JSON.parse(update.stdout)).toMatchObject({
    files: [{ change: 'unchanged' }, { change: 'unchanged' }],
  });

  try {
    const up = await qbtc(['up'], root);
    expect(up.code, up.stdout + up.stderr).toBe(0);
    expect(await qbtc(['test'], root)).toMatchObject({ code: 0 });
    const running = await qbtc(['init', '--update', '--yes', '--probe'], root);
    expect(running).toMatchObject({ code: 1 });
    expect(running.stderr).toContain('qbtc down');
  } finally {
    await qbtc(['down', '--volumes'], root);
  }
});
