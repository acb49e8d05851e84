import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import type { BuildOptions, Message } from 'esbuild';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { QbtcError } from '../errors.ts';
import type { Service } from '../model/stack.ts';
import { createFolders, stackFolders } from '../state/folders.ts';
import { decode, encode } from '../state/index.ts';
import { ownSources } from './source-map.ts';

/** What the last bundle was made of: each input with its size and time, so that an unchanged one is not made again. */
const manifestSchema = z.object({
  /** A digest of what was asked for: the entry, the options, the version of esbuild. */
  request: z.string(),
  file: z.string(),
  digest: z.string(),
  inputs: z.record(z.string(), z.string()),
});
type Manifest = z.output<typeof manifestSchema>;

export interface Bundle {
  /** Absolute. Its name holds the digest of its content. */
  file: string;
  digest: string;
}

/** Processes that are older than the newest bundle must find their file when they are started again. */
const KEPT_BUNDLES = 3;
/** esbuild takes settings from these in every folder above an input, and does not name them among its inputs. */
const SETTINGS = ['tsconfig.json', 'package.json'];
/** An input that was not there; that it appears is a change. */
const ABSENT = 'absent';
/** Never equal to a fingerprint: the input was written while it was read, or its file system has coarse times. */
const UNTRUSTED = 'untrusted';

/** What Node is given to run a bundle: stack traces name the files that it was made of. */
export function nodeArguments({ file }: Bundle): string[] {
  return ['--enable-source-maps', file];
}

/**
 * The service as one file in `.qbtc/build`, named by its content. Nothing is installed and little is read when it
 * starts, which is what makes a start fast.
 */
export async function bundleService(root: string, service: Bundled): Promise<Bundle> {
  const { folder, options, request, previous } = await prepare(root, service);
  if (previous !== undefined) return { file: join(folder, previous.file), digest: previous.digest };

  // A command of the stack may come before the first `up`.
  await createFolders(root);
  const startedAt = Date.now();
  const result = await bundled(options, service);

  const isMap = ({ path }: { path: string }) => path.endsWith('.map');
  const content = result.outputFiles.find((output) => !isMap(output))?.text ?? '';
  const map = result.outputFiles.find(isMap)?.text ?? EMPTY_MAP;
  const digest = digestOf(content);
  const name = `${service.name}-${digest}.cjs`;
  const inputs: Record<string, string> = {};
  for (const input of withSettings(root, Object.keys(result.metafile.inputs)))
    inputs[input] = await fingerprint(join(root, input), startedAt);
  // The map first: a bundle that is there has its map. Code that only moved in its file is the same bundle with another.
  const write = (file: string, text: string) =>
    writeFileAtomic(join(folder, file), text, { mode: 0o600, fsync: false });
  await write(`${name}.map`, ownSources(map));
  await write(name, `${content}${MAP_COMMENT}${name}.map\n`);
  const manifest: Manifest = { request, file: name, digest, inputs };
  await write(`${service.name}.json`, encode(manifest));
  await removeOlder(folder, service.name);
  return { file: join(folder, name), digest };
}

/**
 * Says what is wrong with the code of a service, and writes nothing.
 * @throws QbtcError `BUNDLE_FAILED`
 */
export async function checkBundle(root: string, service: Bundled): Promise<void> {
  const { options, previous } = await prepare(root, service);
  if (previous === undefined) await bundled(options, service);
}

type Bundled = Pick<Service, 'name' | 'path'> & { entry: string };

/** How a service is bundled, and the bundle that is there already and not out of date. */
async function prepare(root: string, service: Bundled) {
  const folder = stackFolders(root).build;
  const version = await esbuildVersion();
  const options = {
    entryPoints: [resolve(service.path, service.entry)],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    external: ['pg-native'],
    legalComments: 'none',
    // A third less to read and to keep in memory; names and statements stay, for debuggers and traces of errors.
    minifyWhitespace: true,
    // Stack traces and debuggers name the files that people write.
    sourcemap: 'external',
    metafile: true,
    write: false,
    logLevel: 'silent',
    outfile: join(folder, `${service.name}.cjs`),
  } satisfies BuildOptions;
  const request = createHash('sha256')
    .update(JSON.stringify([version, options]))
    .digest('hex');
  const kept = await readManifest(join(folder, `${service.name}.json`));
  const isCurrent = kept !== undefined && kept.request === request && (await unchanged(root, kept));
  return { folder, options, request, previous: isCurrent ? kept : undefined };
}

async function bundled(options: Awaited<ReturnType<typeof prepare>>['options'], service: Bundled) {
  const { build } = await import('esbuild');
  return build(options).catch((error: { errors?: Message[] }) => {
    throw new QbtcError('BUNDLE_FAILED', `the service ${service.name} cannot be bundled`, {
      details: (error.errors ?? []).map(
        ({ text, location }) =>
          `${location === null ? service.entry : `${location.file}:${location.line}:${location.column + 1}`}: ${text}`,
      ),
      hint: 'mend the lines above; a package that is not found wants: npm ci',
      cause: error,
    });
  });
}

/** Ends a bundle; what comes before it is what its name holds the digest of. */
const MAP_COMMENT = '//# sourceMappingURL=';
const EMPTY_MAP = '{"version":3,"sources":[],"names":[],"mappings":""}';

function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** Without loading it: it takes longer than all else where nothing is to be bundled. */
async function esbuildVersion(): Promise<string> {
  const file = createRequire(import.meta.url).resolve('esbuild/package.json');
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  try {
    return manifestSchema.parse(decode(await readFile(file, 'utf8')));
  } catch {
    // It is made anew with the bundle.
    return undefined;
  }
}

/** The inputs, and the files beside and above them whose settings esbuild may have taken. */
function withSettings(root: string, inputs: string[]): string[] {
  const folders = new Set<string>();
  for (const input of inputs) {
    let folder = dirname(join(root, input));
    while (!folders.has(folder)) {
      folders.add(folder);
      if (folder === root || dirname(folder) === folder) break;
      folder = dirname(folder);
    }
  }
  const settings = [...folders].flatMap((folder) =>
    SETTINGS.map((name) => relative(root, join(folder, name))),
  );
  return [...new Set([...inputs, ...settings])];
}

async function fingerprint(file: string, builtAt = Number.POSITIVE_INFINITY): Promise<string> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found === undefined) return ABSENT;
  return found.mtimeMs >= builtAt ? UNTRUSTED : `${found.size}:${found.mtimeMs}`;
}

async function unchanged(root: string, manifest: Manifest): Promise<boolean> {
  const file = join(stackFolders(root).build, manifest.file);
  const [output, map] = await Promise.all(
    [file, `${file}.map`].map((each) => readFile(each, 'utf8').catch(() => undefined)),
  );
  // It is what it was made as, too: half a bundle would fail in a way that nobody understands.
  if (output === undefined || map === undefined) return false;
  if (digestOf(output.slice(0, output.lastIndexOf(MAP_COMMENT))) !== manifest.digest) return false;
  const same = await Promise.all(
    Object.entries(manifest.inputs).map(
      async ([input, known]) =>
        (await fingerprint(join(root, input)).catch(() => UNTRUSTED + input)) === known,
    ),
  );
  return same.every(Boolean);
}

/** Removes all but the last bundles of the service, by the time of their making. */
async function removeOlder(folder: string, service: string): Promise<void> {
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(service) && /^-[0-9a-f]{16}\.cjs$/.test(name.slice(service.length)),
  );
  const bundles = await Promise.all(
    names.map(async (name) => ({ name, madeAt: (await stat(join(folder, name))).mtimeMs })),
  );
  bundles.sort((a, b) => b.madeAt - a.madeAt);
  for (const { name } of bundles.slice(KEPT_BUNDLES))
    for (const file of [name, `${name}.map`]) await rm(join(folder, file), { force: true });
}
