/**
 * Header fields in the order and spelling in which they came, as node:http and undici take and give them:
 * name, value, name, value. Lookups ignore case.
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

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Each field; of several with one name each is given. */
  *entries(): Generator<[string, string]> {
    const { flat } = this;
    for (let i = 0; i < flat.length; i += 2) yield [flat[i] as string, flat[i + 1] as string];
  }

  add(name: string, value: string): void {
    this.flat.push(name, value);
  }

  /** Puts the one value in the place of all of that name. */
  set(name: string, value: string): void {
    this.remove(name);
    this.flat.push(name, value);
  }

  remove(name: string): void {
    const { flat } = this;
    for (let i = flat.length - 2; i >= 0; i -= 2) {
      if (sameName(flat[i] as string, name)) flat.splice(i, 2);
    }
  }
}

function sameName(a: string, b: string): boolean {
  return a.length === b.length && (a === b || a.toLowerCase() === b.toLowerCase());
}
