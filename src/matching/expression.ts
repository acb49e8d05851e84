import { BlockList, isIP } from 'node:net';

/** What a request has under a variable's name (`arg_x`, `http_x`, `remote_addr`); `undefined` for none. */
export interface Variables {
  variable(name: string): string | undefined;
}

/** A `vars` expression (https://github.com/api7/lua-resty-expr), prepared once. */
export type Expression = (request: Variables) => boolean;

/** Thrown for an expression that cannot be understood; the message is APISIX's. */
export class ExpressionError extends Error {}

type Compare = (left: string | undefined, right: unknown) => boolean;

const number = (value: unknown): number => (value === undefined || value === '' ? Number.NaN : Number(value));
const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

const OPERATORS: Record<string, Compare> = {
  '==': (left, right) => left === text(right),
  '~=': (left, right) => left !== text(right),
  '>': (left, right) => number(left) > number(right),
  '>=': (left, right) => number(left) >= number(right),
  '<': (left, right) => number(left) < number(right),
  '<=': (left, right) => number(left) <= number(right),
  in: (left, right) => Array.isArray(right) && right.some((each) => left === text(each)),
  has: (left, right) => (left ?? '').split(',').some((each) => each.trim() === text(right)),
};

/** Throws `ExpressionError`. */
export function compileExpression(vars: unknown): Expression {
  if (!Array.isArray(vars)) throw new ExpressionError('invalid expression');
  const [first] = vars;
  if (typeof first === 'string' && /^!?(AND|OR)$/.test(first)) return logical(first, vars.slice(1));
  if (typeof first === 'string') return condition(vars);
  return logical('AND', vars);
}

function logical(operator: string, parts: unknown[]): Expression {
  if (operator !== 'AND' && parts.length < 2) throw new ExpressionError('rule too short');
  const compiled = parts.map(compileExpression);
  const any = operator.endsWith('OR');
  const plain: Expression = (x) =>
    any ? compiled.some((each) => each(x)) : compiled.every((each) => each(x));
  return operator.startsWith('!') ? (x) => !plain(x) : plain;
}

function condition(parts: unknown[]): Expression {
  const name = String(parts[0]);
  const negated = parts[1] === '!';
  const [operator, right] = negated ? [parts[2], parts[3]] : [parts[1], parts[2]];
  const compare = comparison(String(operator), right);
  return (request) => compare(request.variable(name), right) !== negated;
}

function comparison(operator: string, right: unknown): Compare {
  if (operator === '~~' || operator === '~*') {
    try {
      const pattern = new RegExp(String(right), operator === '~*' ? 'i' : '');
      return (left) => left !== undefined && pattern.test(left);
    } catch (error) {
      throw new ExpressionError(`invalid regex: ${(error as Error).message}`);
    }
  }
  if (operator === 'ipmatch') {
    const list = addressList([right].flat().map(String));
    return (left) => left !== undefined && containsAddress(list, left);
  }
  const known = OPERATORS[operator];
  if (known === undefined) throw new ExpressionError(`invalid operator '${operator}'`);
  return known;
}

/** Addresses and networks (`10.0.0.0/8`) to look an address up in. Throws `ExpressionError`. */
export function addressList(ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
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
