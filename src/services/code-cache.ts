import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { basename, dirname } from 'node:path';
import v8 from 'node:v8';
import { Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

// A program of its own, which Node is given by `--require` before a bundle. It compiles the bundle with V8's code cache,
// which stands beside it and takes a third off the processor time of a start, and makes the cache where there is none.
// Whatever is wrong with the cache, the bundle runs. Node gives `--require` on to what a bundle forks, too: any other
// program is left to Node.

type Compile = (this: Module, content: string, filename: string, ...more: unknown[]) => unknown;
const prototype = Module.prototype as unknown as { _compile: Compile };
const compile = prototype._compile;

/** Where a program sets no flags of V8: late enough that it has started. */
const STARTED_AFTER_MS = 2_000;
const DIGEST_BYTES = 32;

/** V8 takes other code of the same length for what it has compiled: the name must hold a digest of the content. */
const NAMED_BY_CONTENT = /-[0-9a-f]{16}\.cjs$/;

const bundle = isMainThread ? bundleIn(process.argv) : undefined;
if (bundle !== undefined) {
  prototype._compile = function (content, filename, ...more) {
    if (filename !== bundle) return compile.call(this, content, filename, ...more);
    prototype._compile = compile;
    // Node notes down the source map of what it compiles itself, by the name of the file.
    compile.call(this, content.slice(content.lastIndexOf('\n', content.length - 2)), filename, ...more);
    return run(this, content, filename);
  };
}

/** The real path of the bundle that Node was asked to run; `undefined` where it is none of those beside this program. */
function bundleIn([, main]: readonly string[]): string | undefined {
  if (main === undefined) return undefined;
  try {
    const file = realpathSync(main);
    return NAMED_BY_CONTENT.test(basename(file)) && dirname(file) === realpathSync(__dirname)
      ? file
      : undefined;
  } catch {
    // A name without its extension, or a file that is not there: Node finds it, or says so.
    return undefined;
  }
}

function run(module: Module, content: string, filename: string): unknown {
  const cachedData = readCache(filename);
  const script = new Script(Module.wrap(content), {
    filename,
    // The source map knows nothing of what the code is wrapped in.
    columnOffset: -Module.wrap('').indexOf('\n'),
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  // Another version of Node, or other flags, made it.
  if (cachedData === undefined || script.cachedDataRejected === true) keepCode(script, filename);
  const evaluate = script.runInThisContext() as (...scope: unknown[]) => unknown;
  const { exports } = module as unknown as { exports: unknown };
  return evaluate.call(exports, exports, createRequire(filename), module, filename, dirname(filename));
}

/**
 * V8 itself takes a damaged cache for a whole one, and one that was made elsewhere, whose place stands in it: debuggers and
 * stack traces would name that one.
 */
function readCache(filename: string): Buffer | undefined {
  try {
    const bytes = readFileSync(cacheOf(filename));
    const data = bytes.subarray(DIGEST_BYTES);
    return digestOf(filename, data).equals(bytes.subarray(0, DIGEST_BYTES)) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what is compiled by the time that the program has started, so that functions which its start calls are in it. */
function keepCode(script: Script, filename: string): void {
  const { setFlagsFromString } = v8;
  let kept = false;
  const keep = () => {
    if (kept) return;
    kept = true;
    clearTimeout(timer);
    v8.setFlagsFromString = setFlagsFromString;
    try {
      write(filename, script.createCachedData());
    } catch {
      // A folder that cannot be written, or a full disk: the next start compiles again.
    }
  };
  const timer = setTimeout(keep, STARTED_AFTER_MS).unref();
  process.once('exit', keep);
  // A cache holds the flags that it was made with, and is refused where they differ: by the next start, which has not set
  // them yet.
  v8.setFlagsFromString = (flags) => {
    keep();
    setFlagsFromString(flags);
  };
}

function write(filename: string, data: Buffer): void {
  const file = cacheOf(filename);
  const unfinished = `${file}.${process.pid}`;
  try {
    writeFileSync(unfinished, Buffer.concat([digestOf(filename, data), data]), { mode: 0o600 });
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

const cacheOf = (filename: string) => `${filename}.cache`;

function digestOf(filename: string, data: Buffer): Buffer {
  return createHash('sha256').update(`${filename}\0`).update(data).digest();
}
