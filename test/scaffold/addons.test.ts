import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { glob } from 'tinyglobby';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStack } from '../../src/config/load.ts';
import { type Addon, addonNamed, chooseAddons, listAddons } from '../../src/scaffold/addons.ts';
import { layAddon, planAdd, planRemove, takeAddon, withUndo } from '../../src/scaffold/change-addons.ts';
import { copyTemplate, templateFiles } from '../../src/scaffold/copy.ts';
import { readLedger } from '../../src/scaffold/ledger.ts';
import { CHECKOUT } from '../support/qbtc.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const { signal } = new AbortController();
const addons = await listAddons(CHECKOUT);
const trading = addonNamed(addons, 'trading');
const open = (root: string) => openStack({ file: join(root, 'qbtc.yaml'), env: {}, qbtcVersion: '0.1.0' });
const there = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );
const core = join(CHECKOUT, 'templates/stack');
/** Of code only the entries, which must be there: what says which parts there are is of interest here. */
const isPart = (path: string) => !/\/(test|src)\//.test(path) || path.endsWith('/main.ts');
const copyParts = async (from: string, to: string) =>
  copyTemplate(from, to, signal, (await templateFiles(from)).filter(isPart));
const lay = async (root: string, addon: Addon) => layAddon(root, addon, await planAdd(root, addon), signal);

test('are chosen by name, all or none; a wrong name is told with the nearest', () => {
  expect(chooseAddons(addons, 'all')).toEqual(addons);
  expect(chooseAddons(addons, 'none')).toEqual([]);
  expect(chooseAddons(addons, 'trading, trading').map(({ name }) => name)).toEqual(['trading']);
  expect(() => chooseAddons(addons, 'tradng')).toThrow(
    expect.objectContaining({ code: 'ADDON_UNKNOWN', hint: 'did you mean "trading"?', exit: 64 }),
  );
});

test('lay no file over one of the core, or of another add-on', async () => {
  const folders = [core, ...addons.map(({ folder }) => folder)];
  const files = await Promise.all(
    folders.map((cwd) => glob('**', { cwd, dot: true, ignore: ['**/node_modules/**', 'addon.json'] })),
  );
  const all = files.flat().filter((path) => path !== 'package-lock.json');
  expect(all.filter((path, index) => all.indexOf(path) !== index)).toEqual([]);
  expect(files.map((list) => list.includes('package-lock.json'))).not.toContain(false);
});

test.each([
  '../outside',
  '/etc/outside',
  'a/../../outside',
  '',
])('nothing is taken away outside of the stack: %j in the ledger', async (path) => {
  const root = await temporaryFolder();
  const ledger = { addons: { trading: { files: { [path]: 'x' }, packages: [] } } };
  await writeFile(join(root, 'qbtc.addons.json'), JSON.stringify(ledger));
  await expect(planRemove(root, 'trading')).rejects.toMatchObject({ code: 'ADDONS_UNREADABLE' });
});

describe('an add-on over the core', () => {
  /** The add-on, with as little of its code as there is of the core's. */
  let small: Addon;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qbtc-addon-'));
    await copyParts(trading.folder, folder);
    small = { ...trading, folder };
    return () => rm(folder, { recursive: true });
  });
  let root: string;
  let lock: string;
  beforeEach(async () => {
    root = await temporaryFolder();
    await copyParts(core, root);
    lock = await readFile(join(root, 'package-lock.json'), 'utf8');
  });
  const compose = () => readFile(join(root, 'infrastructure/docker-compose.yml'), 'utf8');

  test('is one stack with it, and without it again as it was', async () => {
    const bare = await open(root);
    expect(bare.services.map(({ name }) => name)).toEqual(['llm-api', 'platform-api', 'quantum-core']);
    const before = await compose();

    await lay(root, trading);
    const whole = await open(root);
    expect(whole.services.map(({ name }) => name)).toEqual([
      'llm-api',
      'platform-api',
      'quantum-core',
      'trading-hft',
      'exchange-simulator',
    ]);
    expect(whole.commands.map(({ name }) => name)).toEqual(['trade']);
    expect(whole.topologyFiles).toHaveLength(2);
    expect(await compose()).toContain('SERVICE: services/trading-hft, ENTRY: src/main.ts');
    expect(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')).packages).toHaveProperty([
      'node_modules/binance',
    ]);
    expect(await there(join(root, 'addon.json'))).toBe(false);
    await expect(planAdd(root, trading)).rejects.toMatchObject({ code: 'ADDON_THERE' });

    const plan = await planRemove(root, 'trading');
    expect(new Set(plan.changes.map(({ action }) => action))).toEqual(new Set(['delete']));
    await takeAddon(root, plan);
    expect(await compose()).toBe(before);
    expect(await readFile(join(root, 'package-lock.json'), 'utf8')).toBe(lock);
    for (const gone of ['tools', 'services/trading-hft', 'packages/trading', 'qbtc.addons.json'])
      expect(await there(join(root, gone)), gone).toBe(false);
    await expect(planRemove(root, 'trading')).rejects.toMatchObject({ code: 'ADDON_NOT_THERE' });
  });

  test('keeps in the lock file what something else has come to need', async () => {
    await lay(root, small);
    const file = join(root, 'services/llm-api/package.json');
    const manifest = JSON.parse(await readFile(file, 'utf8'));
    manifest.dependencies.binance = '*';
    await writeFile(file, JSON.stringify(manifest));
    const locked = join(root, 'package-lock.json');
    const packages = async () => JSON.parse(await readFile(locked, 'utf8')).packages;
    const whole = await packages();
    whole['services/llm-api'].dependencies.binance = '*';
    await writeFile(locked, JSON.stringify({ lockfileVersion: 3, packages: whole }));
    await takeAddon(root, await planRemove(root, 'trading'));
    expect(await packages()).toHaveProperty(['node_modules/binance']);
    expect(await packages()).not.toHaveProperty(['services/trading-hft']);
  });

  test('is known by its files in a checkout that has line ends of its own, too', async () => {
    await lay(root, small);
    const plan = await planRemove(root, 'trading');
    for (const path of [...plan.changes.map((change) => change.path), 'infrastructure/docker-compose.yml']) {
      const text = await readFile(join(root, path), 'utf8');
      await writeFile(join(root, path), text.replaceAll('\n', '\r\n'));
    }
    expect(await planRemove(root, 'trading')).toEqual(plan);
    await takeAddon(root, plan);
    expect(await compose()).not.toContain('trading-hft');
    expect((await compose()).replaceAll('\r\n', '')).not.toContain('\n');
  });

  test('overwrites nothing that is there with another content', async () => {
    const own = join(root, 'services/trading-hft/service.yaml');
    await mkdir(dirname(own), { recursive: true });
    await writeFile(own, 'mine');
    await expect(planAdd(root, small)).rejects.toMatchObject({
      code: 'ADDON_CONFLICT',
      details: ['services/trading-hft/service.yaml'],
    });
    await writeFile(own, await readFile(join(small.folder, 'services/trading-hft/service.yaml')));
    expect((await planAdd(root, small)).changes).toContainEqual({
      action: 'same',
      path: 'services/trading-hft/service.yaml',
    });
  });

  test('leaves what was changed by hand, under another name', async () => {
    await lay(root, small);
    const own = join(root, 'services/trading-hft/service.yaml');
    await writeFile(own, `${await readFile(own, 'utf8')}# mine\n`);
    const plan = await planRemove(root, 'trading');
    expect(plan.changes.filter(({ action }) => action === 'keep')).toEqual([
      {
        action: 'keep',
        path: 'services/trading-hft/service.yaml',
        kept: 'services/trading-hft/service.yaml.kept',
      },
    ]);
    await takeAddon(root, plan);
    expect(await readFile(`${own}.kept`, 'utf8')).toContain('# mine');
    expect((await open(root)).services).toHaveLength(3);

    await lay(root, small);
    await writeFile(own, 'mine again\n');
    await takeAddon(root, await planRemove(root, 'trading'));
    expect(await readFile(`${own}.kept`, 'utf8')).toContain('# mine');
    expect(await readFile(`${own}.kept.2`, 'utf8')).toBe('mine again\n');
  });

  test('that was killed while it was laid can be taken away, and laid again', async () => {
    const killed = AbortSignal.abort(new Error('killed'));
    await expect(layAddon(root, small, await planAdd(root, small), killed)).rejects.toThrow('killed');
    await takeAddon(root, await planRemove(root, 'trading'));
    expect(await readFile(join(root, 'package-lock.json'), 'utf8')).toBe(lock);
    await lay(root, small);
    expect((await open(root)).services).toHaveLength(5);
  });

  test('is not laid beside a lock file that cannot be read, which is named', async () => {
    await writeFile(join(root, 'package-lock.json'), '{');
    await expect(lay(root, small)).rejects.toMatchObject({
      code: 'LOCK_FILE_UNREADABLE',
      message: expect.stringContaining('package-lock.json'),
    });
    expect(await there(join(root, 'qbtc.addons.json'))).toBe(false);
  });

  test('is put back whole where the stack would not load without it, and taken away where not with it', async () => {
    await lay(root, small);
    const user = join(root, 'services/user/service.yaml');
    await mkdir(dirname(user), { recursive: true });
    await writeFile(user, 'command: [node]\nport: 8999\ndepends_on: [trading-hft]\n');
    const plan = await planRemove(root, 'trading');
    const removing = withUndo(root, plan, async () => {
      await takeAddon(root, plan);
      await open(root);
    });
    await expect(removing).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect((await open(root)).services).toHaveLength(6);
    expect(await planRemove(root, 'trading')).toEqual(plan);

    const bare = await temporaryFolder();
    await copyParts(core, bare);
    const adding = await planAdd(bare, small);
    const failing = withUndo(bare, adding, async () => {
      await layAddon(bare, small, adding, signal);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await readLedger(bare)).toEqual({ addons: {} });
    expect(await there(join(bare, 'tools'))).toBe(false);
    expect(await readFile(join(bare, 'package-lock.json'), 'utf8')).toBe(lock);
  });
});

test('none is called as a command below add', () => {
  expect(addons.map(({ name }) => name)).not.toContain('service');
});
