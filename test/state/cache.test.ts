import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder } from '../../src/state/index.ts';
import { CHECKOUT } from '../support/qbtc.ts';

test('what all stacks of an account share is kept where the account says', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: join(CHECKOUT, 'cache'), HOME: CHECKOUT })).toBe(
    join(CHECKOUT, 'cache', 'qbtc'),
  );
  // The base directory specification has relative ones ignored.
  expect(cacheFolder({ XDG_CACHE_HOME: 'told', HOME: CHECKOUT })).not.toContain('told');
});

test('a test writes nothing of that into the home folder', () => {
  expect(cacheFolder(process.env)).toBe(join(CHECKOUT, 'node_modules', '.cache', 'qbtc'));
});
