import { createHash } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Context } from '../../context.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import type { Service, Stack } from '../../model/stack.ts';
import { isRecord } from '../../record.ts';
import { statePath } from '../../state/index.ts';
import { readTextFile } from '../../text-file.ts';

/** A compiler that hangs holds the watch no longer. */
const TIMEOUT_MS = 120_000;
/** A screen or two; the next save tells the rest. */
const MOST = 50;
/** `src/main.ts(3,7): error TS2322: Type …`, as the compiler writes it where it is not pretty. */
const MISTAKE = /^(.+?)\((\d+),(\d+)\): error (TS\d+: .*)$/;

/** Services whose types one run of the compiler checks. */
interface Program {
  /** `tsconfig.json`, absolute. */
  settings: string;
  compiler: string;
}

/**
 * Checks the types of these services with the TypeScript that the stack has: each `tsconfig.json` once, and of what has not
 * changed since the last time only what that wrote down. A service without such a file has no types.
 *
 * @throws QbtcError `TYPES_WRONG` with a line for each mistake, at its place; `COMPILER_MISSING`
 */
export async function checkTypes(
  context: Pick<Context, 'exec'>,
  stack: Pick<Stack, 'root' | 'services'>,
  names: readonly string[],
): Promise<void> {
  const programs = await programsOf(stack, names);
  const found = await Promise.all(programs.map((program) => mistakesIn(context, stack.root, program)));
  const mistakes = found.flat();
  if (mistakes.length === 0) return;
  throw new QbtcError('TYPES_WRONG', `the types have ${counted(mistakes.length)}`, {
    exit: EXIT.findings,
    details: [
      ...mistakes.slice(0, MOST),
      ...(mistakes.length > MOST ? [`and ${mistakes.length - MOST} more`] : []),
    ],
  });
}

/**
 * The programs that the services are checked as.
 *
 * @throws QbtcError `COMPILER_MISSING` where one has no TypeScript
 */
export async function programsOf(
  { root, services }: Pick<Stack, 'root' | 'services'>,
  names?: readonly string[],
): Promise<Program[]> {
  const wanted = services.filter(
    ({ name, url }) => url === undefined && (names === undefined || names.includes(name)),
  );
  const settings = await Promise.all(wanted.map((service) => settingsOf(root, service)));
  const distinct = [...new Set(settings.filter((file) => file !== undefined))].sort();
  return Promise.all(
    distinct.map(async (file) => ({ settings: file, compiler: await compilerFor(root, file) })),
  );
}

/** The nearest `tsconfig.json`: in the folder of the service, or above it as far as the stack reaches. */
async function settingsOf(root: string, { path }: Pick<Service, 'path'>): Promise<string | undefined> {
  const inside = !relative(root, path).startsWith('..');
  for (let folder = path; ; folder = dirname(folder)) {
    const file = join(folder, 'tsconfig.json');
    if (await exists(file)) return file;
    if (!inside || folder === root || dirname(folder) === folder) return undefined;
  }
}

/** The program `tsc` of the nearest TypeScript, as Node finds packages. */
async function compilerFor(root: string, settings: string): Promise<string> {
  for (let folder = dirname(settings); ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', 'typescript');
    const text = await readTextFile(join(home, 'package.json')).catch(() => undefined);
    const program = text === undefined ? undefined : programIn(text);
    if (program !== undefined) return join(home, program);
    if (dirname(folder) === folder) break;
  }
  throw new QbtcError('COMPILER_MISSING', `no TypeScript is installed for ${relative(root, settings)}`, {
    exit: EXIT.usage,
    hint: 'npm install --save-dev typescript, or leave --check out',
  });
}

function programIn(packageJson: string): string | undefined {
  try {
    const read: unknown = JSON.parse(packageJson);
    const bin = isRecord(read) ? read.bin : undefined;
    return isRecord(bin) && typeof bin.tsc === 'string' ? bin.tsc : undefined;
  } catch {
    return undefined;
  }
}

async function mistakesIn(
  { exec }: Pick<Context, 'exec'>,
  root: string,
  { settings, compiler }: Program,
): Promise<string[]> {
  const folder = statePath(root, 'types');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const written = join(
    folder,
    `${createHash('sha256').update(settings).digest('hex').slice(0, 16)}.tsbuildinfo`,
  );
  const { exitCode, stdout, stderr, timedOut } = await exec(
    process.execPath,
    [
      ...[compiler, '--project', settings, '--noEmit', '--pretty', 'false'],
      ...['--incremental', '--tsBuildInfoFile', written],
    ],
    { cwd: root, timeoutMs: TIMEOUT_MS },
  );
  if (exitCode === 0) return [];
  const shown = relative(root, settings);
  if (timedOut) return [`${shown}:1:1 its types were not checked within ${TIMEOUT_MS / 1000} s`];
  const lines = `${stdout}\n${stderr}`.split(/\r?\n/).filter((line) => line.trim() !== '');
  const placed = lines.flatMap((line) => {
    const [, file, at, column, text] = MISTAKE.exec(line) ?? [];
    return file === undefined ? [] : [`${file}:${at}:${column} ${text}`];
  });
  // What is wrong with the settings, or with the compiler, has no place in a file.
  return placed.length > 0 ? placed : lines.map((line) => `${shown}:1:1 ${line.trim()}`);
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

const counted = (count: number) => (count === 1 ? 'a mistake' : `${count} mistakes`);
