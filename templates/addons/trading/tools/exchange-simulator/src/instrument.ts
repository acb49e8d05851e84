/** A symbol that is traded. Prices are counted in ticks and quantities in lots: whole numbers, so nothing is rounded. */
export interface Instrument {
  symbol: string;
  base: string;
  quote: string;
  /** Digits after the point of a tick and of a lot. */
  priceDigits: number;
  quantityDigits: number;
  /** What one tick times one lot is worth, in hundred-millionths of the quote asset. */
  unit: bigint;
  /** Where the price begins, in ticks. */
  start: number;
  /** The smallest order, in hundred-millionths of the quote asset. */
  minNotional: bigint;
}

/** Balances have eight digits after the point, as Binance's. */
export const BALANCE_DIGITS = 8;

const KNOWN: Record<string, readonly [base: string, price: string, quantityDigits: number]> = {
  BTCUSDT: ['BTC', '64250.00', 5],
  ETHUSDT: ['ETH', '3150.00', 4],
  BNBUSDT: ['BNB', '585.00', 3],
  SOLUSDT: ['SOL', '148.00', 3],
};

/** One of the known symbols, or one of that name with a price of 100. All are quoted in USDT. */
export function instrumentNamed(symbol: string): Instrument {
  const [base, price, quantityDigits] = KNOWN[symbol] ?? [symbol.replace(/USDT$/, ''), '100.00', 4];
  const priceDigits = 2;
  return {
    symbol,
    base,
    quote: 'USDT',
    priceDigits,
    quantityDigits,
    unit: 10n ** BigInt(BALANCE_DIGITS - priceDigits - quantityDigits),
    start: Math.round(Number(price) * 10 ** priceDigits),
    minNotional: 5n * 10n ** BigInt(BALANCE_DIGITS),
  };
}

/** A count of the smallest units as a decimal number. */
export function written(count: number | bigint, digits: number): string {
  const text = String(count < 0 ? -count : count).padStart(digits + 1, '0');
  const point = text.length - digits;
  return `${count < 0 ? '-' : ''}${text.slice(0, point)}${digits === 0 ? '' : `.${text.slice(point)}`}`;
}

/** The count of smallest units; `undefined` when the text is no decimal number or finer than they are. */
export function counted(text: string, digits: number): number | undefined {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (fraction.length > digits) return undefined;
  const count = Number(`${match[1]}${fraction.padEnd(digits, '0')}`);
  return Number.isSafeInteger(count) ? count : undefined;
}

export const priceText = ({ priceDigits }: Instrument, ticks: number): string => written(ticks, priceDigits);
export const quantityText = ({ quantityDigits }: Instrument, lots: number): string =>
  written(lots, quantityDigits);
export const amountText = (amount: bigint): string => written(amount, BALANCE_DIGITS);
