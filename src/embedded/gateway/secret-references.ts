import { readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { withoutMark } from '../../text-file.ts';
import type { Log } from '../program.ts';
import { unavailable } from './unavailable.ts';

/** Where Docker mounts the secrets of a container, one a file. */
export const SECRETS_FOLDER = '/run/secrets';

/** A value with its references resolved. */
export interface Resolved<T> {
  /** The value itself where it holds none. */
  value: T;
  /** References that lead nowhere; `undefined` stands in their place, and nothing may be done with the value. */
  unresolved: readonly string[];
}

/** As APISIX reads them (apisix/secret.lua, apisix/core/env.lua), and `$file://`, which is ours. */
const REFERENCE = /^(?:\$(?<source>env|file):\/\/(?<name>[^/]*)(?:\/(?<member>.*))?|\$secret:\/\/.*)$/is;
/** No way out of the folder, and none of the hidden names in which Kubernetes keeps its versions. */
const FILE_NAME = /^\w[\w.-]*$/;
const MOST_BYTES = 64 * 1024;
/** How old what is known of a file may be. */
const REFRESH_MS = 10_000;

/** What is wrong with the references in a value, whatever stands behind them; `undefined` when they may be taken. */
export function referenceError(value: unknown): string | undefined {
  let error: string | undefined;
  replaced(value, (text, { source, name = '' }) => {
    if (source === undefined)
      error ??= unavailable(`a reference to a secret manager, ${JSON.stringify(text)},`);
    else if (source.toLowerCase() === 'file' && !FILE_NAME.test(name))
      error ??= `${JSON.stringify(text)} names no file of the folder of secrets`;
    return text;
  });
  return error;
}

/**
 * Resolves the references to secrets in configurations: `$env://NAME` to a variable of this process, `$file://NAME` to a
 * file of the folder of secrets, without the line end behind its text; with `/MEMBER` behind the name, to that member of
 * the JSON there. A reference that leads nowhere never becomes its own text: everybody knows its name.
 */
export class SecretReferences {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #files = new Map<string, { text: string | undefined; stamp: string }>();
  readonly #told = new Set<string>();
  #version = 0;
  #lookedAt = 0;

  /** @param now the clock, in milliseconds */
  constructor(folder: string, now: () => number, log: Log) {
    this.#folder = folder;
    this.#now = now;
    this.#log = log;
  }

  /** Another number when a file has changed: what was resolved before is out of date. */
  get version(): number {
    if (this.#files.size > 0 && this.#now() - this.#lookedAt >= REFRESH_MS) this.#refresh();
    return this.#version;
  }

  resolve<T extends object>(value: T): Resolved<T> {
    const unresolved: string[] = [];
    const result = replaced(value, (text, parts) => {
      const secret = this.#secret(text, parts);
      if (secret === undefined) unresolved.push(text);
      return secret;
    });
    return { value: result as T, unresolved };
  }

  #secret(reference: string, { source, name = '', member = '' }: Parts): unknown {
    try {
      const text = source === undefined ? undefined : this.#text(source.toLowerCase(), name);
      // An empty key would be everybody's.
      if (text === undefined || text === '') throw new Error('there is none');
      const secret = member === '' ? text : memberOf(text, member);
      if (secret === undefined || secret === '') throw new Error('it has no such member');
      return secret;
    } catch (error) {
      if (!this.#told.has(reference)) {
        this.#told.add(reference);
        const reason = error instanceof SyntaxError ? 'it is no JSON' : messageOf(error);
        this.#log('warn', 'a reference to a secret leads nowhere', { reference, reason });
      }
      return undefined;
    }
  }

  #text(source: string, name: string): string | undefined {
    if (source === 'env') return Object.hasOwn(process.env, name) ? process.env[name] : undefined;
    if (!FILE_NAME.test(name)) return undefined;
    let known = this.#files.get(name);
    if (known === undefined) {
      if (this.#files.size === 0) this.#lookedAt = this.#now();
      known = this.#read(name);
      this.#files.set(name, known);
    }
    return known.text;
  }

  #read(name: string): { text: string | undefined; stamp: string } {
    const path = join(this.#folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    const readable = stats?.isFile() === true && stats.size <= MOST_BYTES;
    return {
      text: readable ? withoutMark(readFileSync(path, 'utf8')).replace(/\r?\n$/, '') : undefined,
      stamp: stampOf(stats),
    };
  }

  #refresh(): void {
    this.#lookedAt = this.#now();
    const changed = [...this.#files].some(
      ([name, { stamp }]) => stampOf(statSync(join(this.#folder, name), { throwIfNoEntry: false })) !== stamp,
    );
    if (!changed) return;
    this.#files.clear();
    this.#told.clear();
    this.#version++;
  }
}

const stampOf = (stats: Stats | undefined): string =>
  stats === undefined ? 'none' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;

function memberOf(text: string, member: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, member)) return undefined;
  return (parsed as Record<string, unknown>)[member] ?? undefined;
}

interface Parts {
  source?: string;
  name?: string;
  member?: string;
}

/** The value with another thing in the place of each reference; the value itself when that changes nothing. */
function replaced(value: unknown, replace: (text: string, parts: Parts) => unknown): unknown {
  if (typeof value === 'string') {
    const parts = value.startsWith('$') ? REFERENCE.exec(value) : null;
    return parts === null ? value : replace(value, (parts.groups ?? {}) as Parts);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const changed = entries.map(([name, member]): [string, unknown] => [name, replaced(member, replace)]);
  if (changed.every(([, member], index) => member === entries[index]?.[1])) return value;
  return Array.isArray(value) ? changed.map(([, member]) => member) : Object.fromEntries(changed);
}
