import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newCoreStack } from '../support/new-stack.ts';
import { qbtc, startQbtc } from '../support/qbtc.ts';

let root = '';
let takeDown = async () => {};
beforeAll(async () => {
  [root, takeDown] = await newCoreStack('rolling');
}, 60_000);
afterAll(() => takeDown(), 60_000);

test('two replicas are started anew without a failed request', async () => {
  const up = await qbtc(['up', '--scale', 'platform-api=2', '--json'], root);
  expect(up.code, up.stdout).toBe(0);
  const watching = startQbtc(['dev', '--json'], root);
  const ended = watching.ended;
  try {
    await expect.poll(() => watching.stdout()).toContain('"watching"');
    const { gatewayUrl } = JSON.parse(up.stdout) as { gatewayUrl: string };
    const key = (await qbtc(['secrets', 'get', 'api-key'], root)).stdout.trim();
    const statuses = new Map<number, number>();
    let goesOn = true;
    const asking = (async () => {
      while (goesOn) {
        const { status } = await fetch(`${gatewayUrl}/api/openapi.json`, { headers: { apikey: key } });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    })();
    const file = join(root, 'services', 'platform-api', 'src', 'main.ts');
    await writeFile(file, `${await readFile(file, 'utf8')}\nprocess.title = 'saved';\n`);
    await expect.poll(() => watching.stdout()).toMatch(/"restarted":\["platform-api-1","platform-api-2"\]/);
    goesOn = false;
    await asking;
    expect([...statuses.keys()]).toEqual([200]);
  } finally {
    watching.child.kill('SIGINT');
    await ended;
  }
}, 180_000);
