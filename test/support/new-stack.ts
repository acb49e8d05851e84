import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { createStack } from '../../src/scaffold/create.ts';
import { isPortFree } from '../../src/scaffold/ports.ts';
import { CHECKOUT, qbtc } from './qbtc.ts';
import { quietContext } from './quiet-context.ts';

/**
 * A stack as `qbtc new` makes it, its packages linked from this checkout, at ports that are free, its resources
 * embedded whatever this machine has: the quick ones.
 * The second value takes it down and removes it; call it when the tests with it are over.
 */
export async function newStack(name = 'acme', portBase?: number): Promise<[string, () => Promise<void>]> {
  const made = await newUndecidedStack(name, portBase);
  await editStack(made[0], (file) => {
    for (const { key } of (file.get('infrastructure') as YAMLMap<Scalar<string>>).items)
      file.setIn(['infrastructure', key.value, 'provider'], 'embedded');
  });
  return made;
}

/** Changes `qbtc.yaml` of the stack, its comments kept. */
export async function editStack(root: string, change: (file: Document) => void): Promise<void> {
  const path = join(root, 'qbtc.yaml');
  const file = parseDocument(await readFile(path, 'utf8'));
  change(file);
  await writeFile(path, file.toString({ lineWidth: 0, flowCollectionPadding: false }));
}

/** The same, with nothing said about who provides what. */
export async function newUndecidedStack(
  name = 'acme',
  portBase?: number,
): Promise<[string, () => Promise<void>]> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc stack ü '));
  const root = join(folder, name);
  await createStack(quietContext(), {
    target: root,
    name,
    portBase: portBase ?? (await ownPortBase()),
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

/**
 * Test files run side by side: each worker takes its port bases from a range of its own, below the ephemeral ports. The
 * step is no thousand: 5,000 and 10,000 lie between ports of one stack, which would be those of another, too.
 */
const STEP = 1_009;
const WORKERS = 3;
const RANGE = 4 * STEP;
const FIRST_BASE = 3_000;
const PORTS = [3001, 5432, 5672, 6379, 8000, 8001, 9080, 9180, 9443, 15_672];
const claimed = new Set<number>();

async function ownPortBase(): Promise<number> {
  const first = FIRST_BASE + ((Number(process.env.VITEST_POOL_ID ?? 1) - 1) % WORKERS) * RANGE;
  for (let base = first; base < first + RANGE; base += STEP) {
    if (claimed.has(base)) continue;
    const free = await Promise.all(PORTS.map((port) => isPortFree(base + port)));
    if (!free.every(Boolean)) continue;
    claimed.add(base);
    return base;
  }
  throw new Error(`no port base is free from ${first} on`);
}
