import { instanceNames } from '../../config/name.ts';
import { MAX_REPLICAS } from '../../config/ports.ts';
import { RESERVED_NAMES } from '../../state/index.ts';

const LONGEST = 40;

/** Gives each part a name that qbtc takes: `API_Gateway` is `api_gateway`; a name that is taken gets a number. */
export class Names {
  readonly #taken = new Set<string>();

  /** With several replicas the names of its instances are taken, too. */
  give(wanted: string, replicas = 1): string {
    const base = plain(wanted);
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? base : `${base.slice(0, LONGEST - 4)}-n${count}`;
      const own = [name, ...instanceNames(name, Math.min(replicas, MAX_REPLICAS))];
      if (RESERVED_NAMES.has(name) || own.some((each) => this.#taken.has(each))) continue;
      for (const each of own) this.#taken.add(each);
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
