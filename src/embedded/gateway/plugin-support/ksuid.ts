import { randomBytes } from 'node:crypto';

/** KSUIDs count their seconds from here: 13 May 2014. */
const EPOCH_SECONDS = 1_400_000_000;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 27;

/**
 * Makes a K-sortable unique identifier (https://github.com/segmentio/ksuid): seconds in 32 bits, then 128 random ones,
 * in 27 digits of base 62.
 *
 * @param now milliseconds since the epoch
 */
export function ksuid(now: number): string {
  const seconds = Math.floor(now / 1000) - EPOCH_SECONDS;
  let rest = (BigInt(seconds >>> 0) << 128n) | BigInt(`0x${randomBytes(16).toString('hex')}`);
  let digits = '';
  while (digits.length < LENGTH) {
    digits = DIGITS.charAt(Number(rest % 62n)) + digits;
    rest /= 62n;
  }
  return digits;
}
