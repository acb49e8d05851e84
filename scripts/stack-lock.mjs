// Makes package-lock.json of templates/stack and of each add-on anew. npm resolves the stack with all add-ons at once, in a
// copy: inside the repository it would take the outer workspace. Each add-on keeps what the core does not need already.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const bundled = await build({ entryPoints: ['src/scaffold/lock-reach.ts'], format: 'esm', write: false });
const { reached } = await import(`data:text/javascript,${encodeURIComponent(bundled.outputFiles[0].text)}`);

const core = join('templates', 'stack');
const addons = readdirSync(join('templates', 'addons'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => join('templates', 'addons', name));
const copy = mkdtempSync(join(tmpdir(), 'qbtc-stack-lock-'));
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const write = (folder, lock) =>
  writeFileSync(join(folder, 'package-lock.json'), `${JSON.stringify(lock, null, 2)}\n`);
const inOrder = ([a], [b]) => a.localeCompare(b, 'en');
const workspacesIn = (folder) =>
  ['packages', 'services', 'tools'].flatMap((kind) => {
    try {
      return readdirSync(join(folder, kind)).map((name) => `${kind}/${name}`);
    } catch {
      return [];
    }
  });

try {
  const filter = (path) => !['node_modules', 'addon.json'].includes(basename(path));
  // What stands there already keeps its versions.
  const packages = Object.assign(
    {},
    ...addons.map((folder) => locked(folder).packages),
    locked(core).packages,
  );
  cpSync(core, copy, { recursive: true, filter });
  for (const addon of addons)
    cpSync(addon, copy, {
      recursive: true,
      filter: (path) => filter(path) && !path.endsWith('package-lock.json'),
    });
  write(copy, { ...locked(core), packages });
  execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], {
    cwd: copy,
    stdio: 'inherit',
  });
  const whole = read(join(copy, 'package-lock.json'));
  const ofCore = reached(whole.packages, workspacesIn(core));
  write(core, { ...whole, packages: only(whole.packages, ofCore) });
  for (const addon of addons) {
    const needed = reached(whole.packages, [...workspacesIn(core), ...workspacesIn(addon)]);
    for (const name of ofCore) needed.delete(name);
    write(addon, { lockfileVersion: whole.lockfileVersion, packages: only(whole.packages, needed) });
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}

function locked(folder) {
  try {
    return read(join(folder, 'package-lock.json'));
  } catch {
    return { packages: {} };
  }
}

function only(packages, names) {
  return Object.fromEntries(
    Object.entries(packages)
      .filter(([name]) => names.has(name))
      .sort(inOrder),
  );
}
