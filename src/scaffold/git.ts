import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';

const TIMEOUT_MS = 60_000;
/** Variables that would make git work in another repository than the one in its folder (a hook sets them). */
const ELSEWHERE = /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE|PREFIX)$/;
const NO_IDENTITY = ['-c', 'user.name=qbtc', '-c', 'user.email=qbtc@localhost'];

/** Runs git in a folder, and in no other repository than the one that it stands in. */
export function gitIn(
  { exec, env, interrupted }: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): (...args: string[]) => ReturnType<Context['exec']> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !ELSEWHERE.test(name)) own[name] = value;
  }
  return (...args) =>
    exec('git', args, {
      cwd: folder,
      env: { ...own, ...more },
      timeoutMs: TIMEOUT_MS,
      signal: interrupted,
    });
}

/**
 * Makes `folder` a repository of its own with everything that is not ignored in a first commit.
 * A stack works without one, so what goes wrong is a notice for the user and leaves no repository behind.
 */
export async function firstCommit(
  context: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  folder: string,
): Promise<{ committed: boolean; notices: string[] }> {
  const git = gitIn(context, folder);
  const failed = async (why: string) => {
    await rm(join(folder, '.git'), { recursive: true, force: true });
    return { committed: false, notices: [`No git repository was made: ${why}`] };
  };

  // `-b` is newer than some git that is still in use.
  const init = await git('-c', 'init.defaultBranch=main', 'init', '--quiet');
  if (init.notFound) return await failed('git is not installed');
  if (init.exitCode !== 0) return await failed(lastLine(init.stderr));
  const add = await git('add', '--all');
  if (add.exitCode !== 0) return await failed(lastLine(add.stderr));

  const known = await Promise.all([git('var', 'GIT_AUTHOR_IDENT'), git('var', 'GIT_COMMITTER_IDENT')]);
  const anonymous = known.some(({ exitCode }) => exitCode !== 0);
  const commit = await git(
    ...(anonymous ? NO_IDENTITY : []),
    // A first commit must not stop at a passphrase or at hooks made for other repositories.
    ...['-c', 'commit.gpgsign=false', 'commit', '--quiet', '--no-verify'],
    ...['-m', 'Start the stack as qbtc new made it'],
  );
  if (commit.exitCode !== 0) return await failed(lastLine(commit.stderr || commit.stdout));
  return {
    committed: true,
    notices: anonymous
      ? ['git knows no user.name and user.email, so the first commit is by qbtc@localhost']
      : [],
  };
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) || 'git failed without a message';
}
