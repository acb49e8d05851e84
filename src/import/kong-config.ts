import type { FieldPath } from '../config/mistake.ts';
import { isRecord } from '../record.ts';
import type { Source } from './source.ts';

type Fields = Record<string, unknown>;

/** Part of a file of Kong, which tells of what nobody has read of it. */
export class KongConfig {
  readonly path: FieldPath;
  readonly #source: Source;
  readonly #values: Fields;
  readonly #read = new Set<string>();

  constructor(source: Source, path: FieldPath, values: unknown) {
    this.#source = source;
    this.path = path;
    this.#values = isRecord(values) ? values : {};
  }

  /** The value; `undefined` for one that says nothing. */
  take(name: string): unknown {
    this.#read.add(name);
    const value = this.#values[name];
    return value === null ? undefined : value;
  }

  text(name: string): string | undefined {
    const value = this.take(name);
    return isPlain(value) ? String(value) : undefined;
  }

  number(name: string): number | undefined {
    const value = this.take(name);
    return value === undefined || Number.isNaN(Number(value)) ? undefined : Number(value);
  }

  list(name: string): string[] {
    const value = this.take(name);
    return value === undefined ? [] : [value].flat().filter(isPlain).map(String);
  }

  part(name: string): KongConfig {
    return new KongConfig(this.#source, [...this.path, name], this.take(name));
  }

  /** The parts of a list that are mappings. */
  parts(name: string): KongConfig[] {
    const value = this.take(name);
    if (!Array.isArray(value)) return [];
    return value.map((each, index) => new KongConfig(this.#source, [...this.path, name, index], each));
  }

  lose(name: string, reason: string, instead?: string): void {
    this.#read.add(name);
    this.#source.lose(name === '' ? this.path : [...this.path, name], reason, instead);
  }

  /** Tells of each field that was not read and says something. */
  loseRest(reason: string): void {
    for (const [name, value] of Object.entries(this.#values)) {
      const isNothing = value === null || value === false || value === '' || value === 0;
      const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
      if (!this.#read.has(name) && !isNothing && !isEmpty) this.#source.lose([...this.path, name], reason);
    }
  }
}

const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);

/** What is not `undefined`. */
export const given = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
