import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STACK_FILE } from '../../config/load.ts';
import type { Context } from '../../context.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import { gitIn } from '../git.ts';

type World = Pick<Context, 'exec' | 'env' | 'interrupted'>;

/** The files below `root` that differ from the last commit, untracked ones among them; `undefined` without a repository. */
export async function uncommitted(context: World, root: string): Promise<Set<string> | undefined> {
  const git = gitIn(context, root);
  const prefix = await git('rev-parse', '--show-prefix');
  if (prefix.notFound || prefix.exitCode !== 0) return undefined;
  const status = await git(
    'status',
    '--porcelain=v1',
    '-z',
    '--untracked-files=all',
    '--no-renames',
    '--',
    '.',
  );
  if (status.exitCode !== 0) return undefined;
  const below = prefix.stdout.replace(/\n$/, '');
  const entries = status.stdout.split('\0').filter((entry) => entry.length > 3);
  // Paths are those of the repository, which may stand around the stack.
  return new Set(entries.map((entry) => entry.slice(3)).map((path) => path.slice(below.length)));
}

/** The commit that brought `qbtc.yaml`: the stack as it was made, where nobody had worked on it before. */
export async function firstCommitOfStack(context: World, root: string): Promise<string | undefined> {
  const added = await gitIn(context, root)('log', '--diff-filter=A', '--format=%h', '--', STACK_FILE);
  return added.exitCode === 0 ? added.stdout.trim().split('\n').at(-1) || undefined : undefined;
}

/**
 * Does `work` with a folder that holds the stack as it was at this commit.
 * @throws QbtcError UPGRADE_BASE_WRONG
 */
export async function atCommit<T>(
  context: World,
  root: string,
  commit: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'qbtc-base-'));
  try {
    // An index of its own: that of the repository stays as it is.
    const git = gitIn(context, root, { GIT_INDEX_FILE: join(scratch, 'index') });
    const prefix = await git('rev-parse', '--show-prefix');
    const below = prefix.stdout.trim().replace(/\/$/, '');
    const read = await git('read-tree', `${commit}^{commit}:${below}`);
    if (prefix.exitCode !== 0 || read.exitCode !== 0) throw wrong(commit, read.stderr || prefix.stderr);
    const folder = join(scratch, 'tree');
    // From the top of the repository, as the paths of the index are those below the stack.
    const top = await git('rev-parse', '--show-toplevel');
    const out = await gitIn(context, top.stdout.trim(), { GIT_INDEX_FILE: join(scratch, 'index') })(
      'checkout-index',
      '--all',
      `--prefix=${folder}/`,
    );
    if (out.exitCode !== 0) throw wrong(commit, out.stderr);
    return await work(folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function wrong(commit: string, said: string): QbtcError {
  return new QbtcError('UPGRADE_BASE_WRONG', `git does not have this stack at "${commit}"`, {
    exit: EXIT.usage,
    details: said.trim() === '' ? [] : [said.trim().split('\n').at(-1) ?? ''],
    hint: 'name the commit in which qbtc new made the stack: git log --diff-filter=A -- qbtc.yaml',
  });
}
