// Bundles the command-line program and each program that it starts into dist/. Packages stay outside, so that a
// command loads only the libraries that it uses; shared code goes into chunks for the same reason. commander alone
// is taken in, because every command needs it and one file loads faster than six.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const { version, dependencies, optionalDependencies } = JSON.parse(await readFile('package.json', 'utf8'));
const packages = Object.keys({ ...dependencies, ...optionalDependencies }).filter(
  (name) => name !== 'commander',
);

const { metafile } = await build({
  entryPoints: [
    'commands/main.ts',
    'src/infra/supervision/main.ts',
    'src/embedded/broker/main.ts',
    'src/embedded/gateway/main.ts',
    'src/embedded/redis/main.ts',
  ],
  outdir: 'dist',
  outbase: '.',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: packages.flatMap((name) => [name, `${name}/*`]),
  // commander is CommonJS and asks for Node's own modules with `require`.
  banner: {
    js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
  },
  define: { QBTC_VERSION: JSON.stringify(version) },
  sourcemap: true,
  chunkNames: 'chunks/[name]-[hash]',
  metafile: true,
  logLevel: 'warning',
});

// Only afterwards, so that a qbtc that runs meanwhile never misses a file that has not changed.
const made = new Set(Object.keys(metafile.outputs));
for (const entry of await readdir('dist', { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (entry.isFile() && !made.has(file)) await rm(file);
}
