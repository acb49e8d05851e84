import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { createFolders, stackFolders } from '../state/folders.ts';
import { decode, encode } from '../state/index.ts';
import { digestOf, Inputs, stampOf, withSettings } from './bundle-inputs.ts';
import { type Bundled, esbuildVersion, makeBundle, RECIPE } from './bundling.ts';
import { findReadyMade, PRELOAD, readyMadeFolder } from './ready-made.ts';
import { ownSources } from './source-map.ts';

/** What the last bundle was made of: each input with its size and time, so that an unchanged one is not made again. */
const manifestSchema = z.object({
  /** A digest of what was asked for: the entry, the options, the version of esbuild. */
  request: z.string(),
  file: z.string(),
  digest: z.string(),
  keepsCode: z.boolean(),
  /** Size and time of the bundle itself: only one that differs is read. */
  written: z.string().default(''),
  inputs: z.record(z.string(), z.string()),
});
type Manifest = z.output<typeof manifestSchema>;

export interface Bundle {
  /** Absolute. Its name holds the digest of its content. */
  file: string;
  digest: string;
  /** The program that runs it with V8's code cache; left out where there is none, or it would not hold. */
  preload?: string;
}

/** Processes that are older than the newest bundle must find their file when they are started again. */
const KEPT_BUNDLES = 3;
/** What belongs to a bundle, by what its name has at the end. */
const BESIDE = ['', '.map', '.cache'];

/** What Node is given to run a bundle: stack traces name the files that it was made of. */
export function nodeArguments({ file, preload }: Bundle): string[] {
  return ['--enable-source-maps', ...(preload === undefined ? [] : ['--require', preload]), file];
}

/**
 * The programs of a stack, each as one file in `.qbtc/build`, named by its content. Nothing is installed and little is
 * read when it starts, which is what makes a start fast. Each is looked at once: for one command, its code is what it was
 * when it was first asked for.
 */
export class Bundles {
  readonly #root: string;
  readonly #readyMade: string;
  readonly #inputs = new Inputs();
  readonly #made = new Map<string, Promise<Bundle>>();
  #esbuild: Promise<string> | undefined;
  #preload: Promise<string | undefined> | undefined;

  /** What the installation has ready-made is taken where nothing differs from what that was made of. */
  constructor(root: string, context: Pick<Context, 'installation'>) {
    this.#root = root;
    this.#readyMade = readyMadeFolder(context);
  }

  /** @throws QbtcError `BUNDLE_FAILED` */
  bundle(service: Bundled): Promise<Bundle> {
    const key = JSON.stringify([service.name, service.path, service.entry]);
    const known = this.#made.get(key) ?? this.#bundle(service);
    this.#made.set(key, known);
    return known;
  }

  /**
   * Says what is wrong with the code of a service, and writes nothing.
   * @throws QbtcError `BUNDLE_FAILED`
   */
  async check(service: Bundled): Promise<void> {
    const { previous, entryPoint, outfile } = await this.#prepare(service);
    if (previous !== undefined || this.#findReadyMade(entryPoint) !== undefined) return;
    await makeBundle(this.#root, service, { entryPoint, outfile });
  }

  async #bundle(service: Bundled): Promise<Bundle> {
    const { folder, request, previous, entryPoint, outfile } = await this.#prepare(service);
    if (previous !== undefined) return this.#runnable(folder, previous);

    // A command of the stack may come before the first `up`.
    await createFolders(this.#root);
    const made =
      (await this.#takeReadyMade(folder, service, entryPoint)) ??
      (await this.#make(folder, service, { entryPoint, outfile }));
    const { file, digest, keepsCode } = made;
    const inputs = Object.fromEntries(
      made.inputs.map((input) => [input, this.#inputs.note(join(this.#root, input))]),
    );
    const stamp = stampOf(await stat(join(folder, file)));
    const written: Manifest = { request, file, digest, keepsCode, written: stamp, inputs };
    await write(join(folder, `${service.name}.json`), encode(written));
    await removeOlder(folder, service.name);
    return this.#runnable(folder, written);
  }

  async #takeReadyMade(folder: string, { name }: Bundled, entryPoint: string) {
    const ready = this.#findReadyMade(entryPoint);
    if (ready === undefined) return undefined;
    const [content, map] = await Promise.all(
      ['', '.map'].map((end) => readFile(`${ready.bundle}${end}`).catch(() => undefined)),
    );
    if (content === undefined || map === undefined || digestOf(content) !== ready.digest) return undefined;
    const file = `${name}-${ready.digest}.cjs`;
    await write(join(folder, `${file}.map`), map);
    await write(join(folder, file), withMap(content, file));
    return { ...ready, file };
  }

  async #make(folder: string, service: Bundled, places: { entryPoint: string; outfile: string }) {
    const { content, map, inputs, keepsCode } = await makeBundle(this.#root, service, places);
    const digest = digestOf(content);
    const file = `${service.name}-${digest}.cjs`;
    // The map first: a bundle that is there has its map. Code that only moved in its file is the same bundle with another.
    await write(join(folder, `${file}.map`), ownSources(map));
    await write(join(folder, file), withMap(Buffer.from(content), file));
    return { file, digest, keepsCode, inputs: withSettings(this.#root, inputs) };
  }

  async #runnable(folder: string, { file, digest, keepsCode }: Manifest): Promise<Bundle> {
    const bundle = { file: join(folder, file), digest };
    if (!keepsCode) return bundle;
    this.#preload ??= this.#copyPreload(folder);
    const preload = await this.#preload;
    return preload === undefined ? bundle : { ...bundle, preload };
  }

  /** It stands beside the bundles, which outlive the installation. */
  async #copyPreload(folder: string): Promise<string | undefined> {
    const program = await readFile(join(this.#readyMade, PRELOAD), 'utf8').catch(() => undefined);
    if (program === undefined) return undefined;
    const preload = join(folder, PRELOAD);
    if ((await readFile(preload, 'utf8').catch(() => undefined)) !== program) await write(preload, program);
    return preload;
  }

  #findReadyMade(entryPoint: string) {
    return findReadyMade(this.#readyMade, this.#root, relative(this.#root, entryPoint), this.#inputs);
  }

  /** How a service is bundled, and the bundle that is there already and not out of date. */
  async #prepare(service: Bundled) {
    const folder = stackFolders(this.#root).build;
    const entryPoint = resolve(service.path, service.entry);
    const outfile = join(folder, `${service.name}.cjs`);
    this.#esbuild ??= esbuildVersion();
    const request = createHash('sha256')
      .update(JSON.stringify([await this.#esbuild, RECIPE, entryPoint, outfile]))
      .digest('hex');
    const kept = await readManifest(join(folder, `${service.name}.json`));
    const isCurrent = kept !== undefined && kept.request === request && (await this.#isUnchanged(kept));
    return { folder, entryPoint, outfile, request, previous: isCurrent ? kept : undefined };
  }

  async #isUnchanged(manifest: Manifest): Promise<boolean> {
    const file = join(stackFolders(this.#root).build, manifest.file);
    const [output, map] = await Promise.all(
      [file, `${file}.map`].map((each) => stat(each).catch(() => undefined)),
    );
    if (output === undefined || map === undefined) return false;
    // It is what it was made as, too: half a bundle would fail in a way that nobody understands.
    if (stampOf(output) !== manifest.written && (await digestIn(file)) !== manifest.digest) return false;
    return Object.entries(manifest.inputs).every(([input, noted]) =>
      this.#inputs.isUnchanged(join(this.#root, input), noted),
    );
  }
}

/** The files that the last bundle of a program was made of, absolute; none before there is one. */
export async function inputsOfBundle(root: string, name: string): Promise<ReadonlySet<string>> {
  const manifest = await readManifest(join(stackFolders(root).build, `${name}.json`));
  return new Set(Object.keys(manifest?.inputs ?? {}).map((input) => join(root, input)));
}

/** Ends a bundle; what comes before it is what its name holds the digest of. */
const MAP_COMMENT = '//# sourceMappingURL=';

/** A bundle as it is written: it names its source map. */
function withMap(content: Buffer, name: string): Buffer {
  return Buffer.concat([content, Buffer.from(`${MAP_COMMENT}${name}.map\n`)]);
}

/** The digest of what a bundle is without the name of its map; `undefined` where it cannot be read. */
async function digestIn(file: string): Promise<string | undefined> {
  const output = await readFile(file).catch(() => undefined);
  return output && digestOf(output.subarray(0, output.lastIndexOf(MAP_COMMENT)));
}

function write(file: string, content: string | Buffer): Promise<void> {
  return writeFileAtomic(file, content, { mode: 0o600, fsync: false });
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  try {
    return manifestSchema.parse(decode(await readFile(file, 'utf8')));
  } catch {
    // It is made anew with the bundle.
    return undefined;
  }
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
    for (const end of BESIDE) await rm(join(folder, `${name}${end}`), { force: true });
}
