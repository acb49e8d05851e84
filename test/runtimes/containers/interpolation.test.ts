import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillIn } from '../../../src/runtimes/containers/interpolation.ts';

function filled(text: unknown, values: Record<string, string> = {}) {
  const problems: string[] = [];
  const value = fillIn(text, values, (path, problem) => problems.push(`${path.join('.')}: ${problem}`));
  return { value, problems };
}

describe('variables of a compose file', () => {
  const values = { SET: 'value', EMPTY: '' };
  test.each([
    ['${SET}', 'value'],
    ['$SET', 'value'],
    ['a${SET}b', 'avalueb'],
    ['$$SET', '$SET'],
    ['$${SET}', '${SET}'],
    ['${UNSET}', ''],
    ['${UNSET:-fallback}', 'fallback'],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${EMPTY-fallback}', ''],
    ['${SET:-fallback}', 'value'],
    ['${SET:+there}', 'there'],
    ['${EMPTY:+there}', ''],
    ['${SET:?must be set}', 'value'],
    ['127.0.0.1:${SET:?}:5672', '127.0.0.1:value:5672'],
  ])('%s is %j', (text, expected) => {
    expect(filled(text, values)).toEqual({ value: expected, problems: [] });
  });

  test('one that must be set and is not is a problem, with the place and the reason given', () => {
    expect(filled({ services: { a: { ports: ['${PORT:?run qbtc up}'] } } }).problems).toEqual([
      'services.a.ports.0: PORT is not set: run qbtc up',
    ]);
    expect(filled('${EMPTY:?}', values).problems).toEqual([': EMPTY is not set']);
  });

  /** The tables of compose-go's own tests (template/template_test.go). */
  test.each([
    ['a $ string', 'a $ string'],
    ['^REGEX$', '^REGEX$'],
    ['$}', '$}'],
    ['50$ off', '50$ off'],
    ['$SET-bar', 'value-bar'],
    ['ok ${EMPTY:-/non:-alphanumeric}', 'ok /non:-alphanumeric'],
    ['+ok ${UNSET:-${EMPTY-default}}', '+ok '],
    [':?ok ${EMPTY:-default}', ':?ok default'],
    ['ok ${UNSET-$SET}', 'ok value'],
    ['ok ${UNSET-${SET} ${SET}}', 'ok value value'],
    ['ok ${EMPTY+$SET ${SET:+second}}', 'ok value second'],
    ['ok ${UNSET-{"json":{"a":1}}}!', 'ok {"json":{"a":1}}!'],
    ['${SET?${UNSET:?lazy}}', 'value'],
  ])('%s is %j, as in compose', (text, expected) => {
    expect(filled(text, values)).toEqual({ value: expected, problems: [] });
  });

  test.each(['${', '${}', '${ }', '${ foo}', '${foo }', '${foo!}', 'a ${SET'])('%s is a problem', (text) => {
    expect(filled(text, values).problems).toEqual([expect.stringContaining('expected ${NAME} or $$')]);
  });

  test('what has no dollar stays as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('$'));
        expect(filled(value)).toEqual({ value, problems: [] });
      }),
    );
  });
});
