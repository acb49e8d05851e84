/**
 * What Binance takes for a symbol: letters of any script (`币安人生USDT`), none of them a lower-case one of ASCII, digits,
 * `-`, `.` and `_` (its error -1100 names the range `^[\w\-._&&[^a-z]]{1,50}$`). A regular expression for the flag `u`.
 */
export const SYMBOL_PATTERN = '^(?!.*[a-z])[\\p{L}\\p{M}\\p{N}._-]{1,50}$';

const SYMBOL = new RegExp(SYMBOL_PATTERN, 'u');

/** Several symbols in one text: `BTCUSDT,ETHUSDT`. */
export function areSymbols(text: string): boolean {
  return text.split(',').every((symbol) => SYMBOL.test(symbol));
}
