import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import * as z from 'zod';
import type { Context } from '../context.ts';
import type { Outdated } from '../model/lifecycle.ts';
import type { Service, Stack } from '../model/stack.ts';
import type { ProcessStatus } from '../runtimes/processes/index.ts';
import { instancesOf } from '../services/index.ts';
import { stateFile } from '../state/index.ts';

/** Of a service with a command of its own: what its code was when an instance of it was started. */
const kept = z.object({
  pid: z.number(),
  startTime: z.string().optional(),
  /** Size and time of each file, by its path in the folder of the service. */
  files: z.record(z.string(), z.string()),
});
const file = stateFile<Record<string, z.output<typeof kept>>>('sources', z.record(z.string(), kept), {});

/** More than a service has by hand; what is behind it is not looked at. */
const MOST_FILES = 5_000;
const GIT_TIMEOUT_MS = 10_000;
/** Where no git tells: what programs write, and what others have written. */
const NOT_CODE =
  /^(?:\..*|node_modules|__pycache__|venv|env|dist|build|target|out|logs?|tmp|data|coverage)$|\.(?:pyc|log|sqlite3?|db|pid)$/;

/** Whether a path in the folder of a service names what programs write, or what others have written. */
export function isNoCode(path: string): boolean {
  return path.split(sep).some((name) => NOT_CODE.test(name));
}

/**
 * Compares the code of services with a `command` with what it was when they were started, and writes down what it is
 * for those that are new. What a service is made of only its own tools know, so nothing is started anew for it.
 */
export async function lookAtOwnCode(
  context: Pick<Context, 'exec'>,
  stack: Stack,
  services: readonly Service[],
  processes: readonly ProcessStatus[],
): Promise<Outdated[]> {
  const own = services.filter(hasOwnCode);
  if (own.length === 0) return [];
  const before = await file.read(stack.root);
  const next = { ...before };
  const outdated: Outdated[] = [];
  for (const service of own) {
    const files = await filesOf(context, service.path);
    const changed = new Set<string>();
    for (const { name } of instancesOf(service)) {
      const { pid, startTime } = processes.find((each) => each.name === name) ?? {};
      if (pid === undefined) continue;
      const known = before[name];
      if (known?.pid === pid && known.startTime === startTime)
        for (const path of differing(known.files, files)) changed.add(path);
      else next[name] = { pid, files, ...(startTime === undefined ? {} : { startTime }) };
    }
    if (changed.size > 0) outdated.push({ service: service.name, files: [...changed].sort() });
  }
  await file.write(stack.root, next);
  return outdated;
}

/**
 * The services with a `command` whose code is another one than that which an instance was started with; also where that is
 * not known, as of one that did not become ready. Writes nothing down.
 */
export async function withOtherCode(
  context: Pick<Context, 'exec'>,
  stack: Stack,
  services: readonly Service[],
  processes: readonly ProcessStatus[],
): Promise<ReadonlySet<string>> {
  const known = await file.read(stack.root);
  const found = await Promise.all(
    services.filter(hasOwnCode).map(async (service) => {
      const files = await filesOf(context, service.path);
      const isOther = instancesOf(service).some(({ name }) => {
        const { pid, startTime } = processes.find((each) => each.name === name) ?? {};
        const before = known[name];
        if (pid === undefined) return false;
        if (before?.pid !== pid || before.startTime !== startTime) return true;
        return differing(before.files, files).length > 0;
      });
      return isOther ? [service.name] : [];
    }),
  );
  return new Set(found.flat());
}

const hasOwnCode = ({ command, entry }: Service) => command !== undefined && entry === undefined;

function differing(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (path) => before[path] !== now[path],
  );
}

async function filesOf(context: Pick<Context, 'exec'>, folder: string): Promise<Record<string, string>> {
  const paths = (await pathsByGit(context, folder)) ?? (await pathsBelow(folder));
  const found = await Promise.all(
    paths.slice(0, MOST_FILES).map(async (path) => {
      const state = await stat(join(folder, path)).catch(() => undefined);
      return state?.isFile() === true ? [[path, `${state.size}:${state.mtimeMs}`] as const] : [];
    }),
  );
  return Object.fromEntries(found.flat());
}

/** What git has or would take: it knows what programs write into their folder. */
async function pathsByGit({ exec }: Pick<Context, 'exec'>, cwd: string): Promise<string[] | undefined> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '.'];
  const { exitCode, stdout, notFound } = await exec('git', args, { cwd, timeoutMs: GIT_TIMEOUT_MS });
  if (exitCode !== 0 || notFound) return undefined;
  const paths = stdout.split('\0').filter((path) => path !== '');
  return paths.length === 0 ? undefined : paths;
}

async function pathsBelow(folder: string, before = ''): Promise<string[]> {
  const entries = await readdir(join(folder, before), { withFileTypes: true }).catch(() => []);
  const paths: string[] = [];
  for (const entry of entries.filter(({ name }) => !NOT_CODE.test(name))) {
    const path = join(before, entry.name);
    if (entry.isDirectory()) paths.push(...(await pathsBelow(folder, path)));
    else paths.push(path);
    if (paths.length >= MOST_FILES) break;
  }
  return paths;
}
