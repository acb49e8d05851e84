import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import type { RunningProcess } from '../../model/observation.ts';
import type { Sighting, Source } from '../source.ts';

/**
 * Processes whose command line or working folder holds one of the keywords. Only those that can be joined with
 * something that listens, consumes, or is declared become services: an editor with a file named `api.ts` does not.
 */
export const processes: Source = {
  absent: async () => undefined,
  async look({ host }, { keywords, stack }) {
    const all = await host.processes();
    const own = ownAndAncestors(all, process.pid);
    const seen = all
      .filter(({ pid }) => !own.has(pid))
      .flatMap((each) => {
        const match = matchOf(each, keywords);
        return match === undefined ? [] : [{ each, match }];
      });
    const sightings = await Promise.all(
      seen.map(async ({ each, match }): Promise<Sighting> => {
        const { pid, cwd, program, container } = each;
        const what = await described(each, stack.root);
        return {
          source: 'processes',
          found: `${what} (pid ${pid}): ${match}`,
          pid,
          program,
          ...(container === undefined ? {} : { container }),
          ...(cwd === undefined || dirname(cwd) === cwd ? {} : { guess: basename(cwd) }),
        };
      }),
    );
    return { sightings };
  },
};

/** This very command and those that started it: a shell in which somebody typed `qbtc discover` is no service. */
function ownAndAncestors(all: readonly RunningProcess[], pid: number): ReadonlySet<number> {
  const byPid = new Map(all.map((each) => [each.pid, each]));
  const found = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !found.has(at); at = byPid.get(at)?.parent)
    found.add(at);
  return found;
}

/** Where a keyword stands as a word of its own; the words themselves may be secrets and are not told. */
export function matchOf(
  { args, cwd }: Pick<RunningProcess, 'args' | 'cwd'>,
  keywords: readonly string[],
): string | undefined {
  for (const keyword of keywords) {
    const wanted = words(keyword);
    if (args.some((arg) => words(arg).includes(wanted))) return `its command line holds "${keyword}"`;
    if (cwd !== undefined && words(cwd).includes(wanted)) return `its folder holds "${keyword}"`;
  }
  return undefined;
}

/** Letters and digits in lower case, a blank around each word: ` services llm api main js `. */
function words(text: string): string {
  return ` ${text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .join(' ')} `;
}

/**
 * A process for people: its program, and the first argument where that is a file. No other argument: any of them may be
 * a secret.
 */
async function described({ args, cwd, program }: RunningProcess, root: string): Promise<string> {
  const name = basename(args[0] ?? '') || program;
  const script = args.slice(1).find((arg) => !arg.startsWith('-'));
  const file = script === undefined ? undefined : isAbsolute(script) ? script : cwd && resolve(cwd, script);
  const isFile =
    file !== undefined &&
    file !== '' &&
    (await stat(file).then(
      (found) => found.isFile(),
      () => false,
    ));
  const place = cwd === undefined ? '' : ` in ${shortened(cwd, root)}`;
  return `${name}${isFile ? ` ${basename(file)}` : ''}${place}`;
}

function shortened(folder: string, root: string): string {
  const below = relative(root, folder);
  return below === '' ? 'the stack' : below.startsWith('..') || isAbsolute(below) ? folder : below;
}
