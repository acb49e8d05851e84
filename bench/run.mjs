// `npm run bench` runs every benchmark, `npm run bench -- startup llm` the named ones. Each is a file beside this one, and
// runs in a process of its own; the peer is measured in the same run. What becomes of the figures is told in `guard/`:
// `--check` compares them with baseline.json, `--save` writes it, `--chart` draws history.jsonl into RESULTS.md.
import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('.', import.meta.url));
const all = (await readdir(folder)).filter((name) => name.endsWith('.ts')).map((name) => name.slice(0, -3));

// Inside the checkout, so that packages are found.
const out = await mkdtemp(join(folder, '.run-'));
/** The group of the benchmark that runs. */
let group;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    endGroup('SIGTERM');
    rmSync(out, { recursive: true, force: true });
    process.exit(128 + constants.signals[signal]);
  });
try {
  const { main } = await import(pathToFileURL(await bundle('door', "export * from './guard/door.ts';")));
  const commit = () =>
    execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim();
  const say = (line) => process.stdout.write(`${line}\n`);
  process.exitCode = await main({ words: process.argv.slice(2), all, folder, run, commit, say });
} finally {
  await rm(out, { recursive: true, force: true });
}

/** Runs one in a process of its own and gives what it has measured; nothing where it failed or took too long. */
async function run(name, extent, deadline) {
  const file = await bundle(
    name,
    `import { runMember } from './guard/member.ts';
     import * as file from './${name}.ts';
     await runMember(Object.entries(file).find(([name]) => name === 'benchmark')?.[1]);`,
  );
  const result = join(out, `${name}.json`);
  await rm(result, { force: true });
  // Whatever ends it ends all that it has started.
  const child = spawn(process.execPath, [file], {
    stdio: 'inherit',
    cwd: join(folder, '..'),
    env: { ...process.env, BENCH_TASK: JSON.stringify({ extent, result }) },
    detached: true,
  });
  group = child.pid;
  const timer =
    deadline === undefined
      ? undefined
      : setTimeout(() => endGroup('SIGKILL'), Math.max(0, deadline - Date.now()));
  await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  group = undefined;
  return readFile(result, 'utf8').then(JSON.parse, () => undefined);
}

function endGroup(signal) {
  try {
    if (group !== undefined) process.kill(-group, signal);
  } catch {
    // It has just ended by itself.
  }
}

async function bundle(name, contents) {
  const outfile = join(out, `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: folder, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    plugins: [{ name: 'stack', setup: bundleStackPackages }],
    logLevel: 'warning',
  });
  return outfile;
}

/** Packages of the template are TypeScript, which Node does not take from a package. */
function bundleStackPackages({ onResolve }) {
  onResolve({ filter: /^@stack\// }, ({ path }) => ({ path: require.resolve(path) }));
}
