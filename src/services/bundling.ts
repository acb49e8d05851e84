import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { builtinModules, createRequire, isBuiltin } from 'node:module';
import type { BuildOptions, Message, Metafile, Plugin } from 'esbuild';
import { QbtcError } from '../errors.ts';
import type { Service } from '../model/stack.ts';

/** A service, or another program of the stack, that is bundled. */
export type Bundled = Pick<Service, 'name' | 'path'> & { entry: string };

const OPTIONS = {
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
} satisfies BuildOptions;

/** Node imports nothing for code that comes out of a code cache: what it has itself is required instead. */
const ownModules: Plugin = {
  name: 'own-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(node:)?(${builtinModules.join('|')})$`) }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: OWN_MODULE } : undefined,
    );
    onLoad({ filter: /.*/, namespace: OWN_MODULE }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};
const OWN_MODULE = 'node-itself';

/** What is left is computed while the bundle runs. */
const IMPORTS = /(?<![\w$.])import\(/;

/** Counts the changes of what bundles are made by and no option tells: the plugins, and the source map (`source-map.ts`). */
const REVISION = 1;

/** Digest of how every bundle is made. */
export const RECIPE = createHash('sha256')
  .update(JSON.stringify([REVISION, OPTIONS]))
  .digest('hex');

export interface Made {
  content: string;
  map: string;
  /** Relative to the folder that was worked in. */
  inputs: string[];
  /** Packages that it does without where they are not installed, and that were not. */
  missing: string[];
  /** Whether V8 may keep its code: not where it imports what is known only as it runs. */
  keepsCode: boolean;
}

/**
 * Makes one file of a program and all that it imports. Nothing is written: `outfile` is what the source map is relative to.
 * @throws QbtcError `BUNDLE_FAILED`
 */
export async function makeBundle(
  folder: string,
  service: Bundled,
  { entryPoint, outfile }: { entryPoint: string; outfile: string },
): Promise<Made> {
  const { build } = await import('esbuild');
  const result = await build({
    ...OPTIONS,
    entryPoints: [entryPoint],
    absWorkingDir: folder,
    plugins: [ownModules],
    outfile,
  }).catch((error: { errors?: Message[] }) => {
    throw new QbtcError('BUNDLE_FAILED', `the service ${service.name} cannot be bundled`, {
      details: (error.errors ?? []).map(
        ({ text, location }) =>
          `${location === null ? service.entry : `${location.file}:${location.line}:${location.column + 1}`}: ${text}`,
      ),
      hint: 'mend the lines above; a package that is not found wants: npm ci',
      cause: error,
    });
  });
  const textOf = (ends: string) => result.outputFiles.find(({ path }) => path.endsWith(ends))?.text;
  const content = textOf('.cjs') ?? '';
  return {
    content,
    map: textOf('.map') ?? EMPTY_MAP,
    inputs: Object.keys(result.metafile.inputs).filter((input) => !input.startsWith(`${OWN_MODULE}:`)),
    missing: missingIn(result.metafile),
    keepsCode: !IMPORTS.test(content),
  };
}

function missingIn({ inputs }: Metafile): string[] {
  const left = Object.values(inputs).flatMap(({ imports }) =>
    imports.flatMap(({ path, external }) => (external === true && !isBuiltin(path) ? [path] : [])),
  );
  const names = left.flatMap((path) => /^(?:@[^/]+\/)?[^./][^/]*/.exec(path)?.[0] ?? []);
  return [...new Set(names)].filter((name) => !OPTIONS.external.includes(name));
}

const EMPTY_MAP = '{"version":3,"sources":[],"names":[],"mappings":""}';

/** Without loading it: it takes longer than all else where nothing is to be bundled. */
export async function esbuildVersion(): Promise<string> {
  const file = createRequire(import.meta.url).resolve('esbuild/package.json');
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}
