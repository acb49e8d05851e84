import type { Exchange } from './exchange.ts';

/** The arguments of a query, in their order: names and values are unescaped byte by byte, one character a byte. */
export class QueryArguments {
  readonly #pairs: [string, string][] = [];
  /** The names that came without `=` where they came first. */
  readonly #bare = new Set<string>();

  /** @param query without its question mark */
  constructor(query: string) {
    for (const pair of query.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = unescaped(equals === -1 ? pair : pair.slice(0, equals));
      if (equals === -1 && !this.has(name)) this.#bare.add(name);
      this.#pairs.push([name, equals === -1 ? '' : unescaped(pair.slice(equals + 1))]);
    }
  }

  /** The first value of that name. */
  get(name: string): string | undefined {
    return this.#pairs.find(([each]) => each === name)?.[1];
  }

  /** The same as `ngx.req.get_uri_args` gives it: `true` for an argument without `=`. */
  value(name: string): string | true | undefined {
    return this.#bare.has(name) ? true : this.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  entries(): readonly (readonly [string, string])[] {
    return this.#pairs;
  }
}

/** Takes all arguments of that name out of what goes to the upstream; the others stay as they came. */
export function removeArgument({ request }: Pick<Exchange, 'request'>, name: string): void {
  const mark = request.target.indexOf('?');
  if (mark === -1) return;
  const kept = request.target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !new QueryArguments(pair).has(name));
  const path = request.target.slice(0, mark);
  request.target = kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/** A broken escape stands for itself. */
function unescaped(text: string): string {
  if (!/[%+]/.test(text)) return text;
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
