// `npm run bench` runs every benchmark, `npm run bench -- startup llm` the named ones. Each is a file beside this one
// that prints its figures; the peer is measured in the same run.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('.', import.meta.url));
const all = (await readdir(folder))
  .filter((name) => name.endsWith('.ts') && name !== 'support.ts')
  .map((name) => name.slice(0, -3));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark named ${unknown.join(', ')}; there are: ${all.join(', ')}\n`);
  process.exitCode = 64;
} else {
  for (const name of wanted.length > 0 ? wanted : all) await run(name);
}

/** Packages of the template are TypeScript, which Node does not take from a package. */
function bundleStackPackages({ onResolve }) {
  onResolve({ filter: /^@stack\// }, ({ path }) => ({ path: require.resolve(path) }));
}

async function run(name) {
  process.stdout.write(`\n## ${name}\n\n`);
  // Inside the checkout, so that packages are found.
  const out = await mkdtemp(join(folder, '.run-'));
  try {
    const outfile = join(out, `${name}.mjs`);
    await build({
      entryPoints: [join(folder, `${name}.ts`)],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      packages: 'external',
      plugins: [{ name: 'stack', setup: bundleStackPackages }],
      logLevel: 'warning',
    });
    const child = spawn(process.execPath, [outfile], { stdio: 'inherit', cwd: join(folder, '..') });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) process.exitCode = 1;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
