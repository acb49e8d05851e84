import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createStack } from '../../src/scaffold/create.ts';
import { CHECKOUT, qbtc } from './qbtc.ts';
import { quietContext, temporaryFolder } from './quiet-context.ts';

/** A stack as `qbtc new` makes it, its packages linked from this checkout; taken down when the test ends. */
export async function newStack(name = 'acme', portBase?: number): Promise<string> {
  const root = join(await temporaryFolder(), name);
  await createStack(quietContext(), {
    target: root,
    name,
    ...(portBase === undefined ? {} : { portBase }),
    install: 'reuse',
    reuseFrom: join(CHECKOUT, 'node_modules'),
    git: false,
    templateFolder: join(CHECKOUT, 'templates', 'stack'),
    onStep() {},
  });
  onTestFinished(async () => {
    await qbtc(['down', '--volumes'], root);
  });
  return root;
}
