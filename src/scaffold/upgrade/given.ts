import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStackDocument, STACK_FILE } from '../../config/load.ts';
import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { UpgradeBase, UpgradeNotice } from '../../model/upgrade.ts';
import { isRecord } from '../../record.ts';
import { type Addon, filesOfAddon, listAddons } from '../addons.ts';
import { templateFiles } from '../copy.ts';
import { fillInStack, laidIn, layStack, type StackValues } from '../lay.ts';
import { type Ledger, laidFiles, readLedger } from '../ledger.ts';
import { type Contents, contentsIn, readBase } from './base.ts';
import { templateDigest } from './journal.ts';
import { atCommit, firstCommitOfStack } from './repository.ts';
import { type Content, filesOf, lookAt, type Tree } from './tree.ts';

type World = Pick<Context, 'exec' | 'env' | 'interrupted' | 'installation'>;

/** All that an upgrade goes by, but for what stands in the stack. */
export interface Given {
  kind: UpgradeBase;
  from: string | null;
  version: string;
  base: Tree;
  theirs: Tree;
  /** Tells one template from another. */
  template: string;
  /** What the stack has afterwards. */
  ledger: Ledger;
  contents: Contents;
  notices: UpgradeNotice[];
}

/** @throws QbtcError TEMPLATE_UNKNOWN, ADDONS_UNREADABLE, UPGRADE_BASE_WRONG */
export async function givenOf(context: World, root: string, commit: string | undefined): Promise<Given> {
  const { installation } = context;
  const before = await readLedger(root);
  if (before.template === undefined && commit === undefined) throw await unknown(context, root);
  const known = await listAddons(installation.root);
  const foreign = Object.entries(before.addons).filter(([name]) =>
    known.every((addon) => addon.name !== name),
  );
  const kept = await readBase(root);

  const work = async (values: StackValues, base: Map<string, Content>, kind: UpgradeBase): Promise<Given> => {
    const laid = await layAnew(context, await addonsAmong(known, before, base), values);
    await refuseForeign(root, kind, laid.tree);
    for (const [, { files }] of foreign) for (const path of Object.keys(files)) base.delete(path);
    // A commit may hold files of others: only what the template has is compared.
    if (kind !== 'manifest') for (const path of base.keys()) if (!laid.tree.has(path)) base.delete(path);
    const lost = [...base].filter(
      ([path, { digest, bytes }]) => bytes === undefined && laid.tree.get(path)?.digest !== digest,
    );
    return {
      kind,
      from: kind === 'manifest' ? (before.template?.version ?? null) : null,
      version: installation.version,
      base,
      theirs: laid.tree,
      template: templateDigest(laid.tree),
      ledger: { ...laid.ledger, addons: { ...laid.ledger.addons, ...Object.fromEntries(foreign) } },
      contents: new Map([...kept, ...contentsIn(laid.tree)]),
      notices: [
        ...(lost.length === 0 ? [] : [{ kind: 'base-lost', files: lost.length } as const]),
        ...foreign.map(([addon]) => ({ kind: 'addon-unknown', addon }) as const),
      ],
    };
  };

  if (commit === 'none') return await work(await valuesOf(root), new Map(), 'none');
  if (commit !== undefined)
    return await atCommit(context, root, commit, async (folder) =>
      work(await valuesOf(folder), await treeOf(folder), 'commit'),
    );
  const { name, portBase } = before.template ?? (await valuesOf(root));
  const base = [...laidFiles(before)].map(([path, digest]): [string, Content] => [
    path,
    { digest, bytes: kept.get(digest) },
  ]);
  return await work({ name, portBase }, new Map(base), 'manifest');
}

/** Those that the stack has, and those that were of the template itself when it was made. */
async function addonsAmong(known: readonly Addon[], { addons }: Ledger, base: Tree): Promise<Addon[]> {
  const had = await Promise.all(
    known.map(async (addon) => {
      if (Object.hasOwn(addons, addon.name)) return true;
      const files = await filesOfAddon(addon);
      return files.filter((path) => base.has(path)).length * 2 > files.length;
    }),
  );
  return known.filter((_, index) => had[index]);
}

/** What this qbtc would make of the template now, laid into a folder that is gone again afterwards. */
async function layAnew(
  { installation, interrupted }: World,
  addons: readonly Addon[],
  values: StackValues,
): Promise<{ tree: Tree; ledger: Ledger }> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-template-'));
  try {
    const sources = {
      templateFolder: join(installation.root, 'templates', 'stack'),
      addons,
      gatewayFolder: join(installation.root, 'apisix_conf'),
    };
    await layStack(folder, sources, interrupted);
    await fillInStack(folder, values);
    return await laidIn(folder, installation.version, values);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function treeOf(folder: string): Promise<Map<string, Content>> {
  return filesOf(await lookAt(folder, await templateFiles(folder)));
}

/** Name and port base as `qbtc.yaml` has them. */
async function valuesOf(root: string): Promise<StackValues> {
  const { data } = await readStackDocument({ file: join(root, STACK_FILE) });
  const base = isRecord(data.ports) ? data.ports.base : undefined;
  return { name: String(data.name ?? ''), portBase: typeof base === 'number' ? base : 0 };
}

/** What was made in another way has nothing of the template: all of it would come into somebody's repository. */
async function refuseForeign(root: string, kind: UpgradeBase, theirs: Tree): Promise<void> {
  if (kind === 'manifest') return;
  const there = [...theirs.keys()].filter((path) => existsSync(join(root, path)));
  if (there.length * 2 >= theirs.size) return;
  throw new QbtcError('TEMPLATE_UNKNOWN', 'this stack is not made of the template of qbtc new', {
    details: [`it has ${there.length} of ${theirs.size} files of the template`],
    hint: 'there is nothing to upgrade: what qbtc init has written is brought up to date by "qbtc init --update"',
  });
}

async function unknown(context: World, root: string): Promise<QbtcError> {
  const commit = await firstCommitOfStack(context, root);
  return new QbtcError('TEMPLATE_UNKNOWN', 'nothing says of which template this stack is made', {
    details: ['it was made by an older qbtc, or not by qbtc new, or has lost its qbtc.template.json'],
    hint:
      commit === undefined
        ? 'qbtc upgrade --base none --dry-run: without what the files were, each difference is a conflict'
        : `qbtc upgrade --base ${commit} --dry-run: the commit that brought qbtc.yaml, if that was how qbtc new made it`,
  });
}
