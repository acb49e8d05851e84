import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { openCodeCache } from './code-cache.ts';

// The program that `bin/qbtc.js` starts. It runs the commands, which the build has made into small scripts that load one
// another, from V8's code cache: a third of the processor time of a command is the compiling of what it uses.

/** The script with `main.ts`, written in by the build. What it loads is named by its content, and so is it. */
declare const QBTC_MAIN: string;

/** What a script finds around itself. */
const SCOPE = ['exports', 'require', 'module', '__filename', '__dirname', 'importMetaUrl'];
const BEFORE = `(function (${SCOPE.join(', ')}) {`;

const folder = import.meta.dirname;
const cache = openCodeCache(folder, QBTC_MAIN, process.argv.slice(2), process.env);
const loaded = new Map<string, { exports: unknown }>();
/** Of Node, and of packages that are not bundled. */
const requireOther = createRequire(import.meta.url);

function load(name: string): unknown {
  const before = loaded.get(name);
  if (before !== undefined) return before.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const file = join(folder, name);
  const script = cache.compiled(
    name,
    (cachedData) =>
      new Script(`${BEFORE}${readFileSync(file, 'utf8')}\n})`, {
        filename: file,
        // Source maps know nothing of what the code stands in.
        columnOffset: -BEFORE.length,
        ...(cachedData === undefined ? {} : { cachedData }),
      }),
  );
  const run = script.runInThisContext() as (...scope: unknown[]) => void;
  run.call(module.exports, module.exports, required, module, file, folder, pathToFileURL(file).href);
  return module.exports;
}

function required(name: string): unknown {
  return name.startsWith('./') ? load(name.slice(2)) : requireOther(name);
}

load(QBTC_MAIN);
