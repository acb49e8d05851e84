// Bundles the command-line program and each program that it starts into dist/. Packages stay outside, so that a
// command loads only the libraries that it uses; shared code goes into chunks for the same reason.
import { readFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));
await rm('dist', { recursive: true, force: true });
await build({
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
  packages: 'external',
  define: { QBTC_VERSION: JSON.stringify(version) },
  sourcemap: true,
  chunkNames: 'chunks/[name]-[hash]',
  logLevel: 'warning',
});
