import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/matching/expression.ts';

const REQUEST: Record<string, unknown> = {
  arg_n: '18',
  arg_name: 'json',
  arg_empty: '',
  arg_bare: true,
  http_x: 'B\u00c3\u00a9',
  remote_addr: '10.1.2.3',
  'post_arg.list': ['a', 7],
  'post_arg.number': 18,
  'post_arg.flag': false,
  'post_arg.object': Object.create(null),
};
const holds = (vars: unknown) =>
  compileExpression(vars)({ value: (name) => (Object.hasOwn(REQUEST, name) ? REQUEST[name] : undefined) });

describe('an expression of vars', () => {
  it.each([
    [[]],
    [[['arg_n', '==', '18']]],
    [[['arg_n', '==', 18]]],
    [[['arg_n', '==', 18.0]]],
    [[['arg_n', '~=', '18.0']]],
    [[['arg_n', '>', 9]]],
    [[['arg_n', '>=', '0x12']]],
    [[['arg_n', '<', 19]]],
    [[['arg_n', '18']]],
    [[['arg_name', 'JSON']]],
    [[['arg_n', 18]]],
    [[['arg_none', '==']]],
    [[['arg_none', '==', null]]],
    [[['arg_n', '~=', null]]],
    [[['arg_bare', '==', true]]],
    [[['arg_empty', '~=', 1]]],
    [[['arg_n', 'IN', ['17', '18']]]],
    [[['arg_n', '!', 'in', [18]]]],
    [[['post_arg.list', 'has', 7]]],
    [[['post_arg.list', 'HAS', 'a']]],
    [[['arg_name', '!', 'has', 'json']]],
    [[['post_arg.number', '==', 18]]],
    [[['post_arg.number', '~=', '18']]],
    [[['post_arg.flag', '==', false]]],
    [[['arg_name', '~~', '^js']]],
    [[['arg_name', '~*', '^JS']]],
    [[['http_x', '==', 'Bé']]],
    [[['http_x', '~~', '^Bé$']]],
    [[['remote_addr', 'ipmatch', '10.0.0.0/8']]],
    [[['remote_addr', '!', 'ipmatch', ['::1', '192.168.0.0/16']]]],
    [['or', ['arg_n', '==', '1'], ['arg_n', '==', '18']]],
    [['!AND', ['arg_n', '==', '1'], ['arg_n', '==', '18']]],
    [['!or', ['arg_n', '==', '1'], ['arg_n', '==', '2']]],
    [[['AND', ['arg_n', '==', '18'], ['OR', ['arg_n', '==', '1'], [['arg_name', '==', 'json']]]]]],
  ])('%j holds', (vars) => {
    expect(holds(vars)).toBe(true);
  });

  it.each([
    [[['arg_n', '==', '18.0']]],
    [[['arg_empty', '==', 0]]],
    [[['arg_empty', '<', 1]]],
    [[['arg_none', '<', 1]]],
    [[['arg_n', '<', null]]],
    [[['arg_n', 'in', [18]]]],
    [[['arg_n', 'in', '18']]],
    [[['arg_name', 'has', 'json']]],
    [[['post_arg.number', '~~', '18']]],
    [[['post_arg.object', 'has', 'a']]],
    [[['post_arg.object', '==', null]]],
    [[['arg_none', '~~', '.*']]],
    [[['arg_n', 'ipmatch', '10.0.0.0/8']]],
    [[['toString', '~=', null]]],
    [[['__proto__', '~=', null]]],
    [[['constructor', '~~', '.']]],
  ])('%j does not hold', (vars) => {
    expect(holds(vars)).toBe(false);
  });

  it.each([
    [null, 'missing argument rule'],
    [{}, 'missing argument rule'],
    [['arg_n', '==', '18'], 'rule should be wrapped inside brackets'],
    [['toString', ['a'], ['b']], 'rule should be wrapped inside brackets'],
    [[null], 'invalid expression'],
    [[[]], 'rule too short'],
    [['AND'], 'rule too short'],
    [['OR', ['arg_n', '==', '18']], 'rule too short'],
    [[['arg_n']], 'invalid expression'],
    [[['arg_n', null]], 'invalid expression'],
    [[['arg_n', true]], 'invalid expression'],
    [[['arg_n', {}, '1']], 'invalid expression'],
    [[[1, '==', 1]], 'invalid expression'],
    [[['arg_n', '==', '1'], 'arg_x'], 'invalid expression'],
    [[['arg_n', '===', '1']], "invalid operator '==='"],
    [[['arg_n', 'toString', '1']], "invalid operator 'tostring'"],
    [[['arg_n', '__proto__', '1']], "invalid operator '__proto__'"],
    [[['arg_n', '!', '==', '1', '2']], "invalid operator '!'"],
    [[['arg_n', 'not', '==', '1']], "bad 'not' expression"],
    [[['arg_n', '~~']], 'invalid regex: it must be a string'],
    [[['arg_n', '~~', '(']], 'invalid regex: missing closing parenthesis at offset 0'],
    [[['remote_addr', 'ipmatch']], 'invalid ip address'],
    [[['remote_addr', 'ipmatch', []]], 'invalid ip address'],
    [[['remote_addr', 'ipmatch', '10.0.0.0/']], 'invalid ip address: 10.0.0.0/'],
    [[['remote_addr', 'ipmatch', ['10.0.0.0/8', 'x']]], 'invalid ip address: x'],
  ])('%j is refused: %s', (vars, reason) => {
    expect(() => compileExpression(vars)).toThrow(reason);
  });

  it('tells the variables that it looks at', () => {
    const { names } = compileExpression([
      'OR',
      ['arg_a', '==', '1'],
      [
        ['arg_a', '2'],
        ['arg_é', '!', 'in', []],
      ],
    ]);
    expect([...names]).toEqual(['arg_a', 'arg_\u00c3\u00a9']);
  });
});
