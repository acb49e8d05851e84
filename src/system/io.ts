import type { Ora } from 'ora';
import type { Io, Progress } from '../context.ts';
import { MASK } from '../model/secret.ts';
import { printable } from '../printable.ts';

/** A last guard against tearing every other word apart; which values are worth hiding is for the caller to say. */
const SHORTEST_SECRET = 4;
const DEFAULT_COLUMNS = 80;

/** What `createIo` needs of the process; tests pass streams of their own. */
export interface Streams {
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
}

/** The terminal, or what stands in its place. Every text goes through the mask for secrets. */
export function createIo(streams: Streams): Io {
  const { stdout, stderr, stdin, env } = streams;
  const { masked, mask } = createMask();
  const colorAllowed = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  const interactive = stdin.isTTY === true && stderr.isTTY === true && env.CI === undefined;
  const closing = new AbortController();
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') closing.abort(error);
  });
  const out = (text: string) => {
    if (!closing.signal.aborted) stdout.write(`${text}\n`);
  };
  const err = (text: string) => void stderr.write(`${masked(text)}\n`);
  return {
    out: (text) => out(masked(text)),
    err,
    reveal: out,
    mask,
    masked,
    unread: closing.signal,
    interactive,
    color: stdout.isTTY === true && colorAllowed,
    errColor: stderr.isTTY === true && colorAllowed,
    columns: columnsOf(stdout),
    terminal: { stdin, stdout, stderr, tty: stdin.isTTY === true && stdout.isTTY === true },
    progress: readable(interactive ? spinner(stderr, err, masked) : lines(err)),
  };
}

/** What others say of themselves is told as a person may see it. */
function readable({ step, done, failed, stop }: Progress): Progress {
  const clean = (text: string | undefined) => (text === undefined ? undefined : printable(text));
  return {
    step: (name, waitingFor) => step(printable(name), clean(waitingFor)),
    done: (name, result) => done(printable(name), clean(result)),
    failed: (name, reason) => failed(printable(name), printable(reason)),
    stop,
  };
}

/** A terminal that does not know its width says 0. */
function columnsOf(stream: { columns?: number }): number {
  return stream.columns || DEFAULT_COLUMNS;
}

/** Hides values as they are, as they stand in a URL, and as they stand in JSON. */
function createMask() {
  let secrets: string[] = [];
  return {
    mask(values: Iterable<string>): void {
      const all = new Set(secrets);
      for (const value of values) {
        if (value.length < SHORTEST_SECRET) continue;
        for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
          all.add(form);
      }
      // Longest first: of a secret that holds another one nothing must be left over.
      secrets = [...all].sort((a, b) => b.length - a.length);
    },
    masked: (text: string) => secrets.reduce((result, secret) => result.replaceAll(secret, MASK), text),
  };
}

/** Without a terminal: one line when a step ends, and one when it begins to wait for something else. */
function lines(err: (text: string) => void): Progress {
  const said = new Map<string, string>();
  return {
    step(name, waitingFor) {
      const text = waitingFor === undefined ? `… ${name}` : `… ${name}: ${waitingFor}`;
      if (said.get(name) === text) return;
      said.set(name, text);
      err(text);
    },
    done: (name, result) => err(result === undefined ? `✔ ${name}` : `✔ ${name}: ${result}`),
    failed: (name, reason) => err(`✖ ${name}: ${reason}`),
    stop() {},
  };
}

/** On a terminal: what is under way in one spinner, what has ended as lines above it. */
function spinner(
  stream: Streams['stderr'],
  err: (text: string) => void,
  masked: (text: string) => string,
): Progress {
  const underWay = new Map<string, string | undefined>();
  let ora: Ora | undefined;
  let loading: Promise<void> | undefined;
  // ora takes some 40 ms to load: a command without progress does not pay for it, and none waits for it.
  const load = () => {
    loading ??= import('ora').then((module) => {
      ora = module.default({ stream, discardStdin: false });
      show();
    });
    loading.catch(() => {});
  };
  const show = () => {
    if (ora === undefined) return;
    if (underWay.size === 0) {
      ora.stop();
      return;
    }
    const text = [...underWay]
      .map(([name, waitingFor]) => (waitingFor === undefined ? name : `${name} (${waitingFor})`))
      .join(', ');
    const width = columnsOf(stream) - 4;
    // Masked before it is cut: half a secret is not recognised.
    const hidden = masked(text);
    ora.text = hidden.length > width ? `${hidden.slice(0, width - 1)}…` : hidden;
    if (!ora.isSpinning) ora.start();
  };
  const line = (text: string) => {
    ora?.stop();
    err(text);
    show();
  };
  return {
    step(name, waitingFor) {
      underWay.set(name, waitingFor);
      load();
      show();
    },
    done(name, result) {
      underWay.delete(name);
      line(result === undefined ? `✔ ${name}` : `✔ ${name}: ${result}`);
    },
    failed(name, reason) {
      underWay.delete(name);
      line(`✖ ${name}: ${reason}`);
    },
    stop() {
      underWay.clear();
      ora?.stop();
    },
  };
}
