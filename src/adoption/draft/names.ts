import { RESERVED_NAMES } from '../../state/index.ts';

const LONGEST = 40;

/** Gives each part a name that qbtc takes: `API_Gateway` is `api_gateway`; a name that is taken gets a number. */
export class Names {
  readonly #taken = new Set<string>();

  give(wanted: string): string {
    const base = plain(wanted);
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? base : `${base.slice(0, LONGEST - 4)}-n${count}`;
      if (this.#taken.has(name) || RESERVED_NAMES.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
  }
}

function plain(wanted: string): string {
  const letters = wanted
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/[-_]{2,}/g, '-')
    .replaceAll(/^[-_]+|[-_]+$/g, '');
  const named = /^[a-z]/.test(letters) ? letters : `service${letters === '' ? '' : `-${letters}`}`;
  return named.slice(0, LONGEST).replace(/[-_]+$/, '');
}
