import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStack } from '../../src/scaffold/create.ts';
import { CHECKOUT, qbtc } from './qbtc.ts';
import { quietContext } from './quiet-context.ts';

/**
 * A stack as `qbtc new` makes it, its packages linked from this checkout, at ports that are free.
 * The second value takes it down and removes it; call it when the tests with it are over.
 */
export async function newStack(name = 'acme', portBase?: number): Promise<[string, () => Promise<void>]> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc stack ü '));
  const root = join(folder, name);
  await createStack(quietContext(), {
    target: root,
    name,
    ...(portBase === undefined ? {} : { portBase }),
    install: 'reuse',
    reuseFrom: join(CHECKOUT, 'node_modules'),
    git: false,
    templateFolder: join(CHECKOUT, 'templates', 'stack'),
    gatewayFolder: join(CHECKOUT, 'apisix_conf'),
    onStep() {},
  });
  return [
    root,
    async () => {
      await qbtc(['down', '--volumes'], root);
      await rm(folder, { recursive: true, force: true });
    },
  ];
}
