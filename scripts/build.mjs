// Bundles the command-line program and each program that it starts into dist/, libraries included: a few small files
// load in half the time and two thirds of the memory that the packages' hundreds take. What is shared goes into
// chunks, so that a command still loads only what it uses.
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';
import { writeLicences } from './licences.mjs';

const { version, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
/** What cannot be bundled: programs that are found beside their code, and what pg does without. */
const OUTSIDE = ['esbuild', 'pg-native', ...Object.keys(optionalDependencies)];

/**
 * What stands in the place of a package. dockerode asks for an SSH client and for BuildKit's sessions as it is loaded: an
 * engine on another machine is of no use to qbtc, and it builds without sessions.
 */
const REPLACED = [
  ['undici', 'undici.cjs'],
  ['string-width', 'string-width.cjs'],
  ...['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs'].map((name) => [name, 'absent.cjs']),
];

const shared = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: OUTSIDE.flatMap((name) => [name, `${name}/*`]),
  plugins: [
    {
      name: 'replaced',
      setup: ({ onResolve }) => {
        // What stands in its place may load the package itself.
        for (const [name, file] of REPLACED)
          onResolve({ filter: new RegExp(`^${name}$`) }, ({ importer }) =>
            importer.endsWith(file) ? undefined : { path: join(import.meta.dirname, file) },
          );
        onResolve({ filter: /^\.\/stream$/ }, ({ importer }) =>
          /[\\/]pg[\\/]lib[\\/]/.test(importer)
            ? { path: join(import.meta.dirname, 'pg-stream.cjs') }
            : undefined,
        );
      },
    },
  ],
  // Names stay as they are written: to keep them beside shorter ones takes a call for each function, each time one is made.
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
  logLevel: 'warning',
};

const programs = await build({
  ...shared,
  entryPoints: [
    'src/runtimes/processes/main.ts',
    'src/embedded/broker/main.ts',
    'src/embedded/gateway/main.ts',
    'src/embedded/gateway/judge/main.ts',
    'src/embedded/chaos-proxy/main.ts',
    'src/embedded/redis/main.ts',
    'src/system/tcp/worker.ts',
  ],
  outdir: 'dist',
  outbase: '.',
  // Bundled CommonJS expects these.
  banner: {
    js: [
      "import { createRequire as createBundleRequire } from 'node:module';",
      'const require = createBundleRequire(import.meta.url);',
      'const { filename: __filename, dirname: __dirname } = import.meta;',
    ].join('\n'),
  },
  sourcemap: true,
  chunkNames: 'chunks/[name]-[hash]',
});

const beside = await copyBeside(programs.metafile, 'node_modules/lua-redis-wasm/dist', [
  'redis_lua.mjs',
  'redis_lua.wasm',
]);
const commands = await makeCommands(join('dist', 'commands'));
const bundles = await makeBundles(join('dist', 'bundles'));

// Only afterwards, so that a qbtc that runs meanwhile never misses a file that has not changed.
const made = new Set([
  ...Object.keys(programs.metafile.outputs),
  ...beside,
  ...commands.files,
  ...bundles.files,
  await writeLicences([...Object.keys(programs.metafile.inputs), ...commands.inputs, ...bundles.inputs]),
]);
for (const entry of await readdir('dist', { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (entry.isFile() && !made.has(file)) await rm(file);
}

/** Files of a package that its code looks for beside itself, copied to where that code is now. */
async function copyBeside({ outputs }, folder, files) {
  const holders = Object.entries(outputs)
    .filter(([, { inputs }]) => Object.keys(inputs).some((input) => input.startsWith(`${folder}/`)))
    .map(([output]) => dirname(output));
  if (holders.length === 0) throw new Error(`nothing of ${folder} is bundled any more`);
  const copies = [...new Set(holders)].flatMap((holder) => files.map((file) => [file, join(holder, file)]));
  await Promise.all(copies.map(([file, copy]) => copyFile(join(folder, file), copy)));
  return copies.map(([, copy]) => copy);
}

/**
 * The commands, as scripts that `commands/launch.ts` runs with V8's code cache, which Node has for no module of ECMAScript;
 * and that program, which is told how the first of them is called.
 */
async function makeCommands(folder) {
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: ['commands/main.ts'],
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    define: { QBTC_VERSION: JSON.stringify(version), 'import.meta.url': 'importMetaUrl' },
    sourcemap: 'inline',
    write: false,
  });
  await mkdir(folder, { recursive: true });
  const scripts = await Promise.all(outputFiles.map(({ path, text }) => writeScript(path, text)));
  const main = Object.entries(metafile.outputs).find(
    ([, { entryPoint }]) => entryPoint === 'commands/main.ts',
  );
  const launcher = await build({
    ...shared,
    splitting: false,
    entryPoints: ['commands/launch.ts'],
    outdir: folder,
    define: { QBTC_MAIN: JSON.stringify(basename(main[0])) },
    sourcemap: true,
  });
  return {
    files: [...scripts.flat(), ...Object.keys(launcher.metafile.outputs)],
    inputs: Object.keys(metafile.inputs),
  };
}

/** A module of ECMAScript as a script of CommonJS, whose source map is that of the module's sources. */
async function writeScript(path, text) {
  const { code, map } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    // Modules are loaded when they are asked for, by what runs the scripts.
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    sourcefile: basename(path),
    sourcemap: 'external',
  });
  const [file, mapFile] = [path, `${path}.map`].map((each) => relative('.', each));
  await writeFile(mapFile, map);
  await writeFile(file, `${code}//# sourceMappingURL=${basename(mapFile)}\n`);
  return [file, mapFile];
}

/** The ready-made bundles of the template, and the program that runs them: their files, and what they were made of. */
async function makeBundles(folder) {
  const common = { bundle: true, platform: 'node', target: 'node20.19', logLevel: 'warning' };
  await build({
    ...common,
    entryPoints: ['src/services/code-cache.ts'],
    outfile: join(folder, 'code-cache.cjs'),
    format: 'cjs',
    minify: true,
  });
  const outfile = join('dist', `ready-made.${process.pid}.mjs`);
  try {
    await build({
      ...common,
      entryPoints: ['scripts/ready-made.ts'],
      outfile,
      format: 'esm',
      packages: 'external',
    });
    const { makeReadyMade } = await import(pathToFileURL(resolve(outfile)).href);
    return await makeReadyMade(folder);
  } finally {
    await rm(outfile, { force: true });
  }
}
