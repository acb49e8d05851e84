import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { affectedBy } from '../../../src/lifecycle/watch/affected.ts';
import { service } from '../../flow/chain.ts';
import { emptyStack } from '../../support/stack.ts';

const ROOT = join('/', 'stack');
const stack = emptyStack(ROOT, {
  services: [
    { ...service('web', 8000), path: join(ROOT, 'web'), command: ['node', 'main.mjs'] },
    { ...service('beside', 8001), path: join('/', 'beside'), command: ['node', '.'] },
  ],
  flowFiles: [join(ROOT, 'flows', 'greets.yaml')],
});

describe('affectedBy', () => {
  test.each([
    ['web/main.mjs', { services: ['web'], declarations: false, flows: false }],
    ['web/service.yaml', { services: ['web'], declarations: true, flows: false }],
    ['web/package.json', { services: ['web'], declarations: false, flows: false }],
    ['web/logs/today.log', { services: [], declarations: false, flows: false }],
    ['web/dist/main.json', { services: [], declarations: false, flows: false }],
    ['webs/main.mjs', { services: [], declarations: false, flows: false }],
    ['.env.local', { services: [], declarations: true, flows: false }],
    ['config/web.env', { services: [], declarations: true, flows: false }],
    ['flows/greets.yaml', { services: [], declarations: false, flows: true }],
    ['../beside/main.mjs', { services: ['beside'], declarations: false, flows: false }],
    ['../beside/service.yaml', { services: ['beside'], declarations: true, flows: false }],
  ])('%s', async (file, expected) => {
    expect(await affectedBy(stack, [join(ROOT, file)])).toEqual(expected);
  });
});
