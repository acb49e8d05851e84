import { isUtf8 } from 'node:buffer';
import { isSafeNumber as isSafe, LosslessNumber, parse, stringify } from 'lossless-json';
import { isRecord } from './record.ts';

/**
 * A number with all of its digits: JavaScript's own where that has them, a whole number beyond 2^53 as `bigint`, and
 * what else a double would round as its text.
 */
export type ExactNumber = number | bigint | LosslessNumber;

/** JSON whose numbers keep their digits. */
export type JsonValue = null | boolean | string | ExactNumber | JsonValue[] | { [name: string]: JsonValue };

/** Long enough, or with an exponent that is: what else is written as a number a double holds. */
const MAY_BE_INEXACT = /\d[\d.]{15}|\d[eE][-+]?\d{2}/;

/** @throws SyntaxError as `JSON.parse` does */
export function parseJson(text: string): JsonValue {
  const value: JsonValue = JSON.parse(text);
  if (!MAY_BE_INEXACT.test(text)) return value;
  return parse(text, undefined, {
    parseNumber: numberOf,
    onDuplicateKey: ({ newValue }) => newValue,
  }) as JsonValue;
}

/**
 * The same of bytes. JSON is UTF-8 (RFC 8259, section 8.1): of other bytes it would be another text.
 *
 * @throws SyntaxError also for bytes that are no UTF-8
 */
export function parseJsonBytes(content: Buffer): JsonValue {
  if (!isUtf8(content)) throw new SyntaxError('the bytes are no UTF-8');
  return parseJson(content.toString('utf8'));
}

/** The number that a text of JSON, YAML or SQL stands for. */
export function numberOf(text: string): ExactNumber {
  if (/^[-+]?\d+$/.test(text)) {
    const whole = Number(text);
    return Number.isSafeInteger(whole) ? whole : BigInt(text);
  }
  return isSafe(text) ? Number(text) : new LosslessNumber(text);
}

/** JSON as it is sent and printed; numbers leave with the digits that they came with. */
export function jsonText(value: unknown, indent?: number): string {
  return stringify(value, undefined, indent) ?? 'null';
}

/** The same with JavaScript's own numbers, for what knows no others (a JSON Schema, a library). */
export function plainJson<T>(value: unknown): T {
  return JSON.parse(jsonText(value));
}

export function isNumber(value: unknown): value is ExactNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof LosslessNumber;
}

/** Whether a value has fields: no list, no number. */
export function hasFields(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return isRecord(value) && !isNumber(value);
}

/** Below 0 when `a` is less than `b`, 0 when they are the same number. */
export function compareNumbers(a: ExactNumber, b: ExactNumber): number {
  if (!(a instanceof LosslessNumber) && !(b instanceof LosslessNumber)) return order(a, b);
  const [left, right] = [decimalOf(a), decimalOf(b)];
  const exponent = Math.min(left.exponent, right.exponent);
  // Nobody writes a number out of so many digits to have it compared to the last.
  if (Math.max(left.exponent, right.exponent) - exponent > 10_000)
    return order(Number(String(a)), Number(String(b)));
  const scaled = ({ digits, exponent: own }: Decimal) => digits * 10n ** BigInt(own - exponent);
  return order(scaled(left), scaled(right));
}

function order(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether two values are the same JSON: fields in any order, numbers by what they are worth. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
  if (
    typeof a !== 'object' ||
    typeof b !== 'object' ||
    a === null ||
    b === null ||
    isNumber(a) ||
    isNumber(b)
  )
    return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [names, others] = [Object.keys(a), Object.keys(b)];
  return (
    names.length === others.length &&
    names.every(
      (name) => Object.hasOwn(b, name) && equalJson(a[name as keyof object], b[name as keyof object]),
    )
  );
}

interface Decimal {
  digits: bigint;
  exponent: number;
}

function decimalOf(value: ExactNumber): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
