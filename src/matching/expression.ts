import { BlockList, isIP } from 'node:net';
import { bytesOf } from './bytes.ts';
import { compilePattern, PatternError } from './pattern.ts';

/**
 * What a request has under a variable's name (`arg_x`, `http_x`, `remote_addr`): mostly text of one character a byte; a
 * value out of a JSON body is what it is there. `undefined` for none.
 */
export interface Variables {
  value(name: string): unknown;
}

/** A `vars` expression, prepared once. */
export type Expression = (request: Variables) => boolean;

export interface CompiledExpression extends Expression {
  /** The variables that it looks at, each once. */
  readonly names: ReadonlySet<string>;
}

/** Thrown for an expression that cannot be understood; the message is APISIX's. */
export class ExpressionError extends Error {}

type Test = (request: Variables) => boolean;
type Compare = (left: unknown) => boolean;

const LOGICAL = new Map([
  ['AND', { any: false, negated: false }],
  ['OR', { any: true, negated: false }],
  ['!AND', { any: false, negated: true }],
  ['!OR', { any: true, negated: true }],
]);

/**
 * Prepares an expression as lua-resty-expr 1.3.2 does, with Lua's comparisons: a number on the right makes the left one
 * a number, any other two values are equal when they are of one type. An empty one always holds.
 *
 * @param vars as it stands in the configuration: a list of conditions, or `["OR", condition, condition]`
 * @throws ExpressionError for what lua-resty-expr refuses, and for what it fails over at a request: a name that is no
 *   text, a pattern that is none
 */
export function compileExpression(vars: unknown): CompiledExpression {
  if (!Array.isArray(vars)) throw new ExpressionError('missing argument rule');
  const names = new Set<string>();
  return Object.assign(vars.length === 0 ? () => true : outermost(vars, names), { names });
}

function outermost(rules: unknown[], names: Set<string>): Test {
  const [first] = rules;
  if (!Array.isArray(first) && !LOGICAL.has(operatorOf(first).toUpperCase())) {
    throw new ExpressionError('rule should be wrapped inside brackets');
  }
  return compile(rules, names);
}

function compile(rules: unknown, names: Set<string>): Test {
  if (!Array.isArray(rules)) throw new ExpressionError('invalid expression');
  const [first, ...rest] = rules;
  if (rules.length === 0) throw new ExpressionError('rule too short');
  if (Array.isArray(first)) return all(rules.map((each) => compile(each, names)));
  const logical = LOGICAL.get(operatorOf(first).toUpperCase());
  if (logical === undefined) return condition(rules, names);
  if (rest.length < 2) throw new ExpressionError('rule too short');
  const parts = rest.map((each) => compile(each, names));
  const joined: Test = logical.any ? (request) => parts.some((each) => each(request)) : all(parts);
  return logical.negated ? (request) => !joined(request) : joined;
}

const all =
  (parts: Test[]): Test =>
  (request) =>
    parts.every((each) => each(request));

function condition(parts: unknown[], names: Set<string>): Test {
  const negated = parts.length === 4;
  if (negated && parts[1] !== '!') throw new ExpressionError("bad 'not' expression");
  const name = parts[0];
  let [operator, right] = negated ? [parts[2], parts[3]] : [parts[1], parts[2]];
  if (typeof name !== 'string' || operator === undefined) throw new ExpressionError('invalid expression');
  operator = operatorOf(operator).toLowerCase();
  // Two elements are a name and what it must be.
  if (right === undefined && !COMPARISONS.has(operator as string)) [operator, right] = ['==', operator];
  const comparison = COMPARISONS.get(operator as string);
  if (comparison === undefined) throw new ExpressionError(`invalid operator '${operator}'`);
  const compare = comparison(inBytes(right));
  const variable = bytesOf(name);
  names.add(variable);
  return (request) => compare(request.value(variable)) !== negated;
}

/** Lua makes text of a number where it wants an operator. */
function operatorOf(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new ExpressionError('invalid expression');
  return String(value);
}

/** Text of the configuration beside text of the wire; `null` is Lua's nil. */
function inBytes(right: unknown): unknown {
  if (typeof right === 'string') return bytesOf(right);
  if (Array.isArray(right)) return right.map((each) => (typeof each === 'string' ? bytesOf(each) : each));
  return right ?? undefined;
}

const COMPARISONS: ReadonlyMap<string, (right: unknown) => Compare> = new Map([
  ['==', equals],
  ['~=', (right) => not(equals(right))],
  ['>', ordered((left, right) => left > right)],
  ['>=', ordered((left, right) => left >= right)],
  ['<', ordered((left, right) => left < right)],
  ['<=', ordered((left, right) => left <= right)],
  ['~~', (right) => matches(right, '')],
  ['~*', (right) => matches(right, 'i')],
  ['in', (right) => (left) => Array.isArray(right) && right.includes(left)],
  ['has', (right) => (left) => Array.isArray(left) && left.includes(right)],
  ['ipmatch', inNetworks],
]);

const not =
  (compare: Compare): Compare =>
  (left) =>
    !compare(left);

function equals(right: unknown): Compare {
  return typeof right === 'number' ? (left) => numberOf(left) === right : (left) => left === right;
}

function ordered(holds: (left: number, right: number) => boolean): (right: unknown) => Compare {
  return (right) => {
    const bound = numberOf(right);
    return (left) => {
      const number = numberOf(left);
      return number !== undefined && bound !== undefined && holds(number, bound);
    };
  };
}

const NUMBER = /^[ \t\n\v\f\r]*([+-]?)(0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[ \t\n\v\f\r]*$/i;

/** Lua's `tonumber`. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const found = typeof value === 'string' ? NUMBER.exec(value) : null;
  if (found === null) return undefined;
  return found[1] === '-' ? -Number(found[2]) : Number(found[2]);
}

function matches(right: unknown, flags: string): Compare {
  if (typeof right !== 'string') throw new ExpressionError('invalid regex: it must be a string');
  try {
    const pattern = compilePattern(Buffer.from(right, 'latin1').toString(), flags);
    return (left) => typeof left === 'string' && pattern.test(left);
  } catch (error) {
    if (error instanceof PatternError) throw new ExpressionError(`invalid regex: ${error.message}`);
    throw error;
  }
}

function inNetworks(right: unknown): Compare {
  const ranges = Array.isArray(right) ? right : [right];
  if (ranges.length === 0 || ranges[0] === undefined || ranges[0] === '') {
    throw new ExpressionError('invalid ip address');
  }
  const list = addressList(ranges.map(String));
  return (left) => typeof left === 'string' && containsAddress(list, left);
}

/**
 * Gives addresses and networks (`10.0.0.0/8`) to look an address up in.
 *
 * @throws ExpressionError for what is no address, in lua-resty-ipmatcher's words
 */
export function addressList(ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
    const family = familyOf(address);
    try {
      if (bits === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(bits), family);
    } catch {
      throw new ExpressionError(`invalid ip address: ${range}`);
    }
  }
  return list;
}

const familyOf = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');

export function containsAddress(list: BlockList, address: string): boolean {
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}
