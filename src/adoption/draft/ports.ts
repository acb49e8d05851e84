import type { Obstacle } from '../../model/adoption.ts';
import type { HintFact, Said } from '../fact.ts';
import type { Field } from './draft.ts';
import type { Part } from './parts.ts';
import { kindOfVariable } from './variable-names.ts';

const LEAST = 1024;
/** Leaves room for a port base. */
const MOST = 65_000;

/** Ports that are given away already. */
export class TakenPorts {
  readonly #holders = new Map<number, string>();

  holderOf(port: number): string | undefined {
    return this.#holders.get(port);
  }

  take(port: number, holder: string, count = 1): void {
    for (let at = 0; at < count; at += 1) this.#holders.set(port + at, holder);
  }

  /** The first from here on at which so many are free, or else the first of all. */
  free(from: number, count = 1): number {
    const isFree = (port: number) =>
      Array.from({ length: count }, (_, index) => port + index).every((each) => !this.#holders.has(each));
    // Below that only an administrator may listen.
    const first = from < LEAST ? 8000 + from : from;
    for (let port = first; port + count - 1 <= MOST; port += 1) if (isFree(port)) return port;
    for (let port = LEAST; port < first; port += 1) if (isFree(port)) return port;
    return LEAST;
  }
}

/** What a service listens on: where its code says so it cannot be moved. */
export interface Listening {
  /** The port inside of a container, which the rest of a compose file speaks of. */
  inside?: number;
  port: Said<number>;
  movable: boolean;
  /** Further ports that it opens. */
  others: Said<number>[];
  /** Where its code says so with a number. */
  literal?: true;
}

/** Where debuggers wait: nobody else connects there. */
const DEBUGGERS: ReadonlySet<number> = new Set([9229, 9230, 5005, 5678]);

const USUAL = { at: { file: '', line: 0 }, guess: true } as const;

/** `undefined` for what listens nowhere, as far as anybody says. */
export function listeningOf(part: Part): Listening | undefined {
  const { unit, hints, shared } = part;
  const [first, ...rest] = (unit?.ports ?? []).filter(({ value }) => !DEBUGGERS.has(value.inside));
  const inside = first?.value.inside;
  const fixed = hints.filter((hint) => hint.kind === 'port' && hint.fixed);
  const [literal] = fixed.map((hint) => (hint.kind === 'port' ? hint.port : undefined));
  const own = shared ? undefined : literal;
  const takes = takesPort(part, inside);
  const others = rest
    .map(({ value, at }) => ({ value: value.inside, at }))
    .filter(
      ({ value }, index, all) => value !== inside && all.findIndex((each) => each.value === value) === index,
    );
  if (takes) {
    const outside = first?.value.outside ?? inside;
    const asked = outside === undefined ? defaultPort(part) : { value: outside, at: first?.at ?? USUAL.at };
    return { ...(inside === undefined ? {} : { inside }), port: asked, movable: true, others };
  }
  if (own !== undefined)
    return { inside: inside ?? own.value, port: own, movable: false, others, literal: true };
  if (first !== undefined)
    return {
      inside: first.value.inside,
      port: { value: first.value.inside, at: first.at },
      movable: false,
      others,
    };
  const exposed = exposedPort(hints);
  if (exposed !== undefined && !shared)
    return { inside: exposed.value, port: { ...exposed, guess: true }, movable: false, others };
  const serves = hints.some((hint) => hint.kind === 'uses' && hint.what === 'http');
  if (serves && unit === undefined && !shared) return { port: defaultPort(part), movable: false, others };
  return undefined;
}

/** Whether it listens where it is told: it reads PORT, or its command line or a variable says the port. */
function takesPort({ command, hints, unit, shared }: Part, inside: number | undefined): boolean {
  if (command.value.some((word) => word.includes('${port}') || /\$\{?PORT\b/.test(word))) return true;
  if (isFlask(command.value)) return true;
  if (portVariable({ hints, shared }) !== undefined) return true;
  if (inside === undefined) return false;
  if (command.value.some((word) => namesPort(word, inside))) return true;
  return Object.entries(unit?.env ?? {}).some(
    ([name, { value }]) => isPortVariable(name) && value === String(inside),
  );
}

/**
 * The variable that the code reads the port from, PORT before others. One of another name only where the folder has one
 * service, and where no other service or resource is told of by it.
 */
export function portVariable({ hints, shared }: Pick<Part, 'hints' | 'shared'>): Field<string> | undefined {
  const read = hints.flatMap((hint) => (hint.kind === 'reads-port' ? [hint] : []));
  const own = read.filter(({ variable }) => !shared && kindOfVariable(variable) === undefined);
  const found = read.find(({ variable }) => variable === 'PORT') ?? own[0];
  return found && { value: found.variable, at: found.at };
}

/** `flask run` listens where FLASK_RUN_PORT says. */
export function isFlask(command: readonly string[]): boolean {
  return command.includes('flask') && command.includes('run') && !command.includes('--port');
}

/** `PORT`, `APP_PORT`, `SERVER_PORT`; not that of something else, such as `DB_PORT`. */
export function isPortVariable(name: string): boolean {
  return /^((APP|HTTP|SERVER|LISTEN|SERVICE|API|WEB|NODE|NEST|FLASK|FLASK_RUN|GRPC|LISTENING|BIND)_)*PORT$/.test(
    name,
  );
}

export function namesPort(word: string, port: number): boolean {
  return new RegExp(`(^|[:=])${port}$`).test(word);
}

function exposedPort(hints: readonly HintFact[]): Said<number> | undefined {
  const found = hints.flatMap((hint) => (hint.kind === 'port' ? [hint] : []));
  return found.sort((a, b) => a.rank - b.rank)[0]?.port;
}

function defaultPort({ hints, command, shared }: Part): Said<number> {
  const name = portVariable({ hints, shared })?.value ?? 'PORT';
  const variable = hints
    .flatMap((hint) => (hint.kind === 'variable' && hint.name === name ? [hint] : []))
    .filter(({ value }) => /^\d{2,5}$/.test(value.value))
    .sort((a, b) => a.rank - b.rank)[0];
  if (variable !== undefined) return { value: Number(variable.value.value), at: variable.value.at };
  const exposed = exposedPort(hints);
  if (exposed !== undefined) return exposed;
  const [program = ''] = command.value;
  const usual = /^flask$/.test(program) ? 5000 : /^(gunicorn|uvicorn|python3?)$/.test(program) ? 8000 : 3000;
  return { value: usual, at: command.at, guess: true };
}

/** Gives each part its port: first those that cannot be moved. Parts that cannot have theirs are not in the answer. */
export function allot(
  listening: ReadonlyMap<Part, Listening>,
  taken: TakenPorts,
  obstacles: Obstacle[],
): Map<Part, Field<number>> {
  const given = new Map<Part, Field<number>>();
  for (const [part, { port, movable }] of listening) {
    if (movable) continue;
    const holder = taken.holderOf(port.value);
    if (holder !== undefined) {
      obstacles.push({
        code: 'port-taken',
        at: port.at,
        of: part.name,
        found: `port ${port.value}, which ${holder} has`,
        fix: 'read the port from PORT in one of them, and add the service',
      });
      continue;
    }
    taken.take(port.value, part.name);
    given.set(part, port);
  }
  for (const [part, { port, movable }] of listening) {
    if (!movable) continue;
    const count = part.unit?.replicas?.value ?? 1;
    const value = taken.free(port.value, count);
    const holder = taken.holderOf(port.value);
    taken.take(value, part.name, count);
    const why =
      value === port.value
        ? undefined
        : holder === undefined
          ? `${port.value} ${port.value < 1024 ? 'needs an administrator' : 'leaves no room for its replicas'}`
          : `${port.value} is that of ${holder}`;
    given.set(part, { ...port, value, ...(why === undefined ? {} : { why }) });
  }
  return given;
}
