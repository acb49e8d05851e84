import type { Ora } from 'ora';
import type { Io, Progress } from '../context.ts';

const MASK = '••••••';
/** Shorter values would tear holes into ordinary words. */
const SHORTEST_SECRET = 8;

/** What `createIo` needs of the process; tests pass streams of their own. */
export interface Streams {
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  stdin: { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
}

/** The terminal, or what stands in its place. Every text goes through the mask for secrets. */
export function createIo(streams: Streams): Io {
  const secrets = new Set<string>();
  const masked = (text: string) => {
    let result = text;
    for (const secret of secrets) result = result.replaceAll(secret, MASK);
    return result;
  };
  const noColor = streams.env.NO_COLOR !== undefined && streams.env.NO_COLOR !== '';
  const interactive =
    streams.stdin.isTTY === true && streams.stderr.isTTY === true && streams.env.CI === undefined;
  const err = (text: string) => void streams.stderr.write(`${masked(text)}\n`);
  return {
    out: (text) => void streams.stdout.write(`${masked(text)}\n`),
    err,
    reveal: (text) => void streams.stdout.write(`${text}\n`),
    mask(values) {
      for (const value of values) {
        if (value.length < SHORTEST_SECRET) continue;
        secrets.add(value);
        secrets.add(encodeURIComponent(value));
      }
    },
    interactive,
    color: streams.stdout.isTTY === true && !noColor && streams.env.TERM !== 'dumb',
    columns: streams.stdout.columns ?? 80,
    progress: interactive ? spinner(err, masked) : lines(err),
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
function spinner(err: (text: string) => void, masked: (text: string) => string): Progress {
  const underWay = new Map<string, string | undefined>();
  let ora: Ora | undefined;
  let stopped = false;
  // ora takes some 40 ms to load: long enough that a quick command should not wait for it.
  const loading = import('ora').then((module) => {
    if (stopped) return;
    ora = module.default({ discardStdin: false });
    show();
  });
  loading.catch(() => {});
  const show = () => {
    if (ora === undefined) return;
    if (underWay.size === 0) {
      ora.stop();
      return;
    }
    const text = [...underWay]
      .map(([name, waitingFor]) => (waitingFor === undefined ? name : `${name} (${waitingFor})`))
      .join(', ');
    const width = (process.stderr.columns ?? 80) - 4;
    ora.text = masked(text.length > width ? `${text.slice(0, width - 1)}…` : text);
    if (!ora.isSpinning) ora.start();
  };
  const line = (text: string) => {
    ora?.stop();
    err(text);
    show();
  };
  return {
    step(name, waitingFor) {
      stopped = false;
      underWay.set(name, waitingFor);
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
      stopped = true;
      underWay.clear();
      ora?.stop();
    },
  };
}
