/** A line that is none of Binance's files; the message names file, line, field, what stands there and what should. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
}

type Kind = 'id' | 'time' | 'price' | 'amount' | 'flag' | 'anything';

/** A kind of file at https://github.com/binance/binance-public-data: what its columns are called, and what they hold. */
export interface Form {
  name: string;
  candles: boolean;
  columns: readonly (readonly [name: string, kind: Kind])[];
}

const KLINES: Form = {
  name: 'klines',
  candles: true,
  columns: [
    ['open_time', 'time'],
    ['open', 'price'],
    ['high', 'price'],
    ['low', 'price'],
    ['close', 'price'],
    ['volume', 'amount'],
    ['close_time', 'time'],
    ['quote_volume', 'amount'],
    ['count', 'amount'],
    ['taker_buy_volume', 'amount'],
    ['taker_buy_quote_volume', 'amount'],
    ['ignore', 'anything'],
  ],
};

const TRADE: Form['columns'] = [
  ['id', 'id'],
  ['price', 'price'],
  ['qty', 'amount'],
  ['quote_qty', 'amount'],
  ['time', 'time'],
  ['is_buyer_maker', 'flag'],
];
const AGGREGATE_TRADE: Form['columns'] = [
  ['agg_trade_id', 'id'],
  ['price', 'price'],
  ['qty', 'amount'],
  ['first_trade_id', 'id'],
  ['last_trade_id', 'id'],
  ['time', 'time'],
  ['is_buyer_maker', 'flag'],
];
const BEST_MATCH = ['is_best_match', 'flag'] as const;

/** Spot files have no headings, those of futures have since 2022; both have been seen with and without. */
const FORMS: readonly Form[] = [
  KLINES,
  { name: 'trades', candles: false, columns: [...TRADE, BEST_MATCH] },
  { name: 'trades of futures', candles: false, columns: TRADE },
  { name: 'aggregate trades', candles: false, columns: [...AGGREGATE_TRADE, BEST_MATCH] },
  { name: 'aggregate trades of futures', candles: false, columns: AGGREGATE_TRADE },
];

/** Other names of a column: those of the documentation, the API, and files of COIN-M futures. */
const ALSO: Readonly<Record<string, string>> = {
  tradeid: 'id',
  aggregatetradeid: 'aggtradeid',
  quantity: 'qty',
  quoteqty: 'quoteqty',
  transacttime: 'time',
  timestamp: 'time',
};
/** What candles are made of. */
const NEEDED_OF_CANDLES = ['open_time', 'open', 'high', 'low', 'close', 'volume', 'close_time'];
const NEEDED_OF_TRADES = ['price', 'qty', 'time'];

/** A line of a file, cut into its cells. */
export interface Row {
  file: string;
  line: number;
  cells: readonly string[];
}

/** Where the columns of a file stand. */
export class Layout {
  readonly candles: boolean;
  readonly width: number;
  readonly #name: string;
  readonly #places = new Map<string, number>();
  readonly #flags: number[];

  private constructor(name: string, candles: boolean, columns: Form['columns']) {
    this.#name = name;
    this.candles = candles;
    this.width = columns.length;
    for (const [place, [column]] of columns.entries()) this.#places.set(column, place);
    this.#flags = columns.flatMap(([, kind], place) => (kind === 'flag' ? [place] : []));
  }

  /**
   * What the headings in the first line say.
   * @throws {CsvError} when they name no prices, amounts and times
   */
  static ofHeadings({ file, cells }: Row): Layout {
    const found = cells.map(plain);
    const columns = cells.map((cell, place) => {
      const known = KNOWN.get(found[place] ?? '');
      return known ?? ([cell, 'anything'] as const);
    });
    const names = columns.map(([name]) => name);
    const twice = names.find((name, place) => names.indexOf(name) !== place);
    if (twice !== undefined) throw new CsvError(`${file}:1: two columns are headed ${twice}`);
    const candles = names.includes('open_time');
    const needed = candles ? NEEDED_OF_CANDLES : NEEDED_OF_TRADES;
    const missing = needed.filter((name) => !names.includes(name));
    if (missing.length > 0) {
      throw new CsvError(
        `${file}:1: found the headings "${cells.join(',').slice(0, 200)}", expected ${missing.join(', ')} among them (${FORMS.map(described).join('; ')})`,
      );
    }
    return new Layout('the headings', candles, columns);
  }

  /**
   * What the cells of the first line can be: their number alone does not tell trades from aggregate trades of futures.
   * @throws {CsvError} when they are none of Binance's files
   */
  static ofCells(row: Row): Layout {
    const { file, line, cells } = row;
    const sameWidth = FORMS.filter(({ columns }) => columns.length === cells.length);
    if (sameWidth.length === 0)
      throw new CsvError(
        `${file}:${line}: ${cells.length} columns, expected ${FORMS.map(described).join('; ')}`,
      );
    const [form = KLINES] = sameWidth.sort((a, b) => unlike(a, cells) - unlike(b, cells));
    const fault = form.columns.find(([, kind], place) => !KINDS[kind].test(cells[place] ?? ''));
    const layout = new Layout(form.name, form.candles, form.columns);
    if (fault !== undefined) throw layout.mistake(row, fault[0], KINDS[fault[1]].expected);
    return layout;
  }

  /** @throws {CsvError} for a line of another form: in a file that was cut off, or put together of several */
  check(row: Row): void {
    const { file, line, cells } = row;
    if (cells.length !== this.width)
      throw new CsvError(`${file}:${line}: ${cells.length} columns, expected ${this.width} (${this.#name})`);
    for (const place of this.#flags)
      if (!KINDS.flag.test(cells[place] ?? '')) throw this.#wrong(row, place, KINDS.flag.expected);
  }

  /** Milliseconds, whether the file has those or microseconds. @throws {CsvError} */
  time(row: Row, column: string): number {
    const text = this.#cell(row, column);
    const value = Number(text);
    const unit = DIGITS.test(text) ? unitOf(value) : undefined;
    if (unit === undefined) throw this.mistake(row, column, KINDS.time.expected);
    return unit === 'us' ? Math.floor(value / 1000) : value;
  }

  /** @throws {CsvError} */
  price(row: Row, column: string): number {
    const value = this.amount(row, column);
    if (value === 0) throw this.mistake(row, column, KINDS.price.expected);
    return value;
  }

  /** @throws {CsvError} */
  amount(row: Row, column: string): number {
    const text = this.#cell(row, column);
    const value = Number(text);
    if (!NUMBER.test(text) || !Number.isFinite(value)) throw this.mistake(row, column, KINDS.amount.expected);
    return value;
  }

  mistake(row: Row, column: string, expected: string): CsvError {
    return this.#wrong(row, this.#places.get(column) ?? 0, expected, column);
  }

  #wrong({ file, line, cells }: Row, place: number, expected: string, column?: string): CsvError {
    const name = column ?? [...this.#places].find(([, each]) => each === place)?.[0];
    return new CsvError(`${file}:${line}: ${name}: found "${cells[place] ?? ''}", expected ${expected}`);
  }

  #cell({ cells }: Row, column: string): string {
    return cells[this.#places.get(column) ?? -1] ?? '';
  }
}

const DIGITS = /^\d+$/;
const NUMBER = /^\d+(\.\d*)?(e[-+]?\d+)?$/i;

/** Spot files have microseconds from 2025 on. Anything else (seconds, nanoseconds, an id) is no time of Binance's. */
function unitOf(value: number): 'ms' | 'us' | undefined {
  // From 2001 to the year 5138 the two have 13 and 16 digits or one more.
  if (value >= 1e12 && value < 1e14) return 'ms';
  return value >= 1e15 && value < 1e17 ? 'us' : undefined;
}

const KINDS: Readonly<Record<Kind, { test(cell: string): boolean; expected: string }>> = {
  id: { test: (cell) => /^-?\d+$/.test(cell), expected: 'an id' },
  time: {
    test: (cell) => DIGITS.test(cell) && unitOf(Number(cell)) !== undefined,
    expected: 'a time in milliseconds or microseconds since 1970',
  },
  price: { test: (cell) => NUMBER.test(cell) && Number(cell) > 0, expected: 'a number above 0' },
  amount: { test: (cell) => NUMBER.test(cell), expected: 'a number, not negative' },
  flag: { test: (cell) => /^(true|false)$/i.test(cell), expected: 'true or false' },
  anything: { test: () => true, expected: 'anything' },
};

/** How little the cells look like this form: what is true or false says more than what is a number. */
function unlike({ columns }: Form, cells: readonly string[]): number {
  let sum = 0;
  for (const [place, [, kind]] of columns.entries()) {
    const cell = cells[place] ?? '';
    if (KINDS.flag.test(cell) !== (kind === 'flag')) sum += columns.length;
    if (!KINDS[kind].test(cell)) sum += 1;
  }
  return sum;
}

/** A heading without what is written in one way here and in another there: `Open time`, `openTime`, `open_time`. */
function plain(heading: string): string {
  const letters = heading.toLowerCase().replace(/[^a-z0-9]/g, '');
  return ALSO[letters] ?? letters;
}

const KNOWN = new Map(
  FORMS.flatMap(({ columns }) => columns.map((column) => [plain(column[0]), column] as const)),
);

function described({ name, columns }: Form): string {
  return `${name} (${columns.length}: ${columns
    .slice(0, 7)
    .map(([column]) => column)
    .join(',')}${columns.length > 7 ? ',…' : ''})`;
}
