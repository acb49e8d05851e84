import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { glob } from 'tinyglobby';
import { type Document, isNode, parseDocument, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { type Addon, listAddons } from '../../src/scaffold/addons.ts';
import { createStack } from '../../src/scaffold/create.ts';
import { isPortFree } from '../../src/scaffold/ports.ts';
import { CHECKOUT, qbtc } from './qbtc.ts';
import { quietContext } from './quiet-context.ts';

/**
 * A stack as `qbtc new` makes it, its packages linked from this checkout, at ports that are free, its resources
 * embedded whatever this machine has: the quick ones.
 * The second value takes it down and removes it; call it when the tests with it are over.
 */
export async function newStack(
  name = 'acme',
  portBase?: number,
  addons?: Addon[],
): Promise<[string, () => Promise<void>]> {
  const made = await newUndecidedStack(name, portBase, addons);
  await editStack(made[0], (file) => {
    for (const { key } of (file.get('infrastructure') as YAMLMap<Scalar<string>>).items)
      file.setIn(['infrastructure', key.value, 'provider'], 'embedded');
  });
  return made;
}

/** The same without add-ons: two services fewer to start, and nobody who trades while others are tested. */
export const newCoreStack = (name: string) => newStack(name, undefined, []);

/** Changes `qbtc.yaml` of the stack, its comments kept; the services that it includes stand in it from now on. */
export async function editStack(root: string, change: (file: Document) => void): Promise<void> {
  const path = join(root, 'qbtc.yaml');
  const file = parseDocument(await readFile(path, 'utf8'));
  if (file.has('include')) await inline(root, file);
  change(file);
  await writeFile(path, file.toString({ lineWidth: 0, flowCollectionPadding: false }));
}

const ORDER = ['llm-api', 'quantum-core', 'platform-api', 'exchange-simulator', 'trading-hft'];

/** What `service.yaml` files say, written as it stood before there were any. */
async function inline(root: string, file: Document): Promise<void> {
  const patterns = (file.get('include') as YAMLSeq).toJSON() as string[];
  file.delete('include');
  const folders = (await glob(patterns, { cwd: root })).map((path) => posix.dirname(path));
  const rank = (folder: string) => ORDER.indexOf(posix.basename(folder));
  for (const folder of folders.sort((a, b) => rank(a) - rank(b))) {
    const name = posix.basename(folder);
    const service = parseDocument(await readFile(join(root, folder, 'service.yaml'), 'utf8'))
      .contents as YAMLMap;
    const take = (key: string): string[] => {
      const value = service.get(key) as Scalar | YAMLSeq | string | undefined;
      service.delete(key);
      const plain: unknown = isNode(value) ? value.toJSON() : value;
      return plain === undefined ? [] : ([plain].flat() as string[]);
    };
    const append = (at: string[], values: string[]) => {
      const before: unknown = isNode(file.getIn(at)) ? (file.getIn(at) as YAMLSeq).toJSON() : file.getIn(at);
      const all = [before ?? []].flat();
      if (values.length > 0) file.setIn(at, [...all, ...values]);
    };
    const inFolder = (own: string) => posix.join(folder, own);
    append(['secrets'], take('secrets'));
    append(['topology'], take('topology').map(inFolder));
    append(['contracts'], take('contracts').map(inFolder));
    append(['flows'], take('flows').map(inFolder));
    append(['infrastructure', 'database', 'migrations'], take('migrations').map(inFolder));
    const commands = service.get('commands') as YAMLMap<Scalar<string>, YAMLMap> | undefined;
    service.delete('commands');
    for (const { key, value } of commands?.items ?? []) {
      value?.set('service', name);
      file.setIn(['commands', key.value], value);
    }
    service.set('path', folder);
    file.setIn(['services', name], service);
  }
}

/** The same, with nothing said about who provides what, services in files of their own, and these add-ons or all. */
export async function newUndecidedStack(
  name = 'acme',
  portBase?: number,
  addons?: Addon[],
): Promise<[string, () => Promise<void>]> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc stack ü '));
  const root = join(folder, name);
  const claim = portBase === undefined ? await ownPortBase() : undefined;
  await createStack(quietContext(), {
    target: root,
    name,
    version: '0.1.0',
    portBase: portBase ?? claim?.base,
    install: 'reuse',
    reuseFrom: join(CHECKOUT, 'node_modules'),
    git: false,
    templateFolder: join(CHECKOUT, 'templates', 'stack'),
    addons: addons ?? (await listAddons(CHECKOUT)),
    gatewayFolder: join(CHECKOUT, 'apisix_conf'),
    onStep() {},
  });
  return [
    root,
    async () => {
      await qbtc(['down', '--volumes'], root);
      claim?.giveBack();
      await rm(folder, { recursive: true, force: true });
    },
  ];
}

/**
 * Test files run side by side in processes of their own: whoever takes a port base listens on the base itself as long as
 * its stack lives, which the system grants to one only and takes back at whatever end. All lie below the ephemeral ports.
 * The step is no thousand: 5,000 and 10,000 lie between ports of one stack, which would be those of another, too.
 */
const STEP = 1_009;
const FIRST_BASE = 3_000;
const LAST_BASE = 15_000;
const PORTS = [3001, 5432, 5672, 6379, 8000, 8001, 8400, 9080, 9180, 9443, 15_672];

async function ownPortBase(): Promise<{ base: number; giveBack(): void }> {
  for (let base = FIRST_BASE; base < LAST_BASE; base += STEP) {
    const claim = await listen(base);
    if (!claim) continue;
    const free = await Promise.all(PORTS.map((port) => isPortFree(base + port)));
    if (free.every(Boolean)) return { base, giveBack: () => claim.close() };
    claim.close();
  }
  throw new Error(`no port base is free from ${FIRST_BASE} to ${LAST_BASE}`);
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().unref();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
