import { fieldValue } from './field-text.ts';

/**
 * Header fields in the order and spelling in which they came: name, value, name, value, in text of one character a byte.
 * Lookups ignore case. This list is the one reading of them.
 */
export class HeaderList {
  readonly flat: string[];

  constructor(flat: string[] = []) {
    this.flat = flat;
  }

  /** The first value of that name. */
  get(name: string): string | undefined {
    const { flat } = this;
    for (let i = 0; i < flat.length; i += 2) {
      if (sameName(flat[i] as string, name)) return flat[i + 1];
    }
    return undefined;
  }

  /** All values of that name, in their order. */
  all(name: string): string[] {
    const { flat } = this;
    const values: string[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      if (sameName(flat[i] as string, name)) values.push(flat[i + 1] as string);
    }
    return values;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Each field; of several with one name each is given. */
  *entries(): Generator<[string, string]> {
    const { flat } = this;
    for (let i = 0; i < flat.length; i += 2) yield [flat[i] as string, flat[i + 1] as string];
  }

  /** By lower-case name; values of one name stand in one, with commas (RFC 9110, 5.3). */
  joined(): Record<string, string> {
    const fields = new Map<string, string>();
    for (const [name, value] of this.entries()) {
      const key = name.toLowerCase();
      const before = fields.get(key);
      fields.set(key, before === undefined ? value : `${before}, ${value}`);
    }
    return Object.fromEntries(fields);
  }

  add(name: string, value: string): void {
    this.flat.push(name, value);
  }

  /** Puts the one value in the place of all of that name. */
  set(name: string, value: string): void {
    this.remove(name);
    this.flat.push(name, value);
  }

  /** Puts all fields of another list in the place of those of the same names. */
  replace(other: HeaderList): void {
    for (let i = 0; i < other.flat.length; i += 2) this.remove(other.flat[i] as string);
    this.flat.push(...other.flat);
  }

  /**
   * Sets a field to a text that was made at run time, as APISIX does (`core.request.set_header`,
   * `core.response.set_header`): through `fieldValue`, and an empty one removes the field.
   */
  put(name: string, text: string): void {
    this.remove(name);
    this.append(name, text);
  }

  /** The same beside those of that name; an empty one adds nothing. As in nginx there is one Content-Type. */
  append(name: string, text: string): void {
    if (sameName(name, 'content-type')) this.remove(name);
    if (text !== '') this.flat.push(name, fieldValue(text));
  }

  remove(name: string): void {
    const { flat } = this;
    for (let i = flat.length - 2; i >= 0; i -= 2) {
      if (sameName(flat[i] as string, name)) flat.splice(i, 2);
    }
  }

  /**
   * Removes every spelling of names that the gateway vouches for. Many upstreams (CGI, WSGI, Rack, PHP) see names in
   * capitals with `_` in the place of `-`, some of them of every other character, and cannot tell
   * `X_Consumer_Username` or `X-Consumer.Username` from `X-Consumer-Username`.
   */
  removeVouched(...names: readonly string[]): void {
    const { flat } = this;
    for (let i = flat.length - 2; i >= 0; i -= 2) {
      if (names.some((name) => alike(flat[i] as string, name))) flat.splice(i, 2);
    }
  }
}

function sameName(a: string, b: string): boolean {
  return a.length === b.length && (a === b || a.toLowerCase() === b.toLowerCase());
}

function alike(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (folded(a.charCodeAt(i)) !== folded(b.charCodeAt(i))) return false;
  return true;
}

const UNDERSCORE = 0x5f;

/** Letters become small ones, what is neither letter nor digit `_`. */
function folded(code: number): number {
  if ((code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39)) return code;
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : UNDERSCORE;
}
