import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOfPart } from '../../src/lifecycle/address.ts';
import { openerFor } from '../../src/lifecycle/opener.ts';
import type { Stack } from '../../src/model/stack.ts';
import { makeSample, type Sample } from '../config/sample.ts';

let sample: Sample;
let stack: Stack;
beforeAll(async () => {
  sample = await makeSample();
  stack = await sample.load();
  const [first] = stack.services;
  if (first !== undefined)
    stack = { ...stack, services: [{ ...first, replicas: 2 }, ...stack.services.slice(1)] };
});
afterAll(() => sample.remove());

test.each([
  ['gateway', 'http://127.0.0.1:9080'],
  ['broker', 'http://127.0.0.1:15672'],
  ['llm-api', 'http://127.0.0.1:8000'],
  ['llm-api-2', 'http://127.0.0.1:8001'],
])('%s is seen at %s', (name, url) => {
  expect(addressOfPart(stack, name)).toBe(url);
});

test('what no browser shows is refused with what one does, and a wrong name with the nearest', () => {
  expect(() => addressOfPart(stack, 'database')).toThrow(
    expect.objectContaining({ code: 'NO_ADDRESS', exit: 64, hint: expect.stringContaining('gateway') }),
  );
  expect(() => addressOfPart(stack, 'gatewy')).toThrow(expect.objectContaining({ code: 'NAME_UNKNOWN' }));
});

test('the address is given to what opens it, as one word, and on Linux only where there is a screen', () => {
  const url = 'http://127.0.0.1:8000/?a=1&b=2';
  expect(openerFor('darwin', {}, url)).toEqual(['open', url]);
  expect(openerFor('win32', {}, url)?.at(-1)).toBe(url);
  expect(openerFor('linux', { DISPLAY: ':0' }, url)).toEqual(['xdg-open', url]);
  expect(openerFor('linux', { DISPLAY: '' }, url)).toBeUndefined();
});
