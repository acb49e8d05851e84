import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as guard from '../../../src/embedded/broker/guard.ts';

const failed = vi.fn<(error: unknown) => void>();
const fault = new Error('of the test');
const throwing = () => {
  throw fault;
};

beforeEach(() => {
  vi.useFakeTimers();
  failed.mockReset();
});
afterEach(() => vi.useRealTimers());

describe('callbacks that nobody stands above', () => {
  it.each([
    ['a timer', () => guard.after(10, failed, throwing)],
    ['a timer that comes again', () => guard.every(10, failed, throwing)],
    ['the end of a turn', () => guard.soon(failed, throwing)],
    ['an event', () => guard.guarded(failed, throwing)()],
  ])('tell of what they throw: %s', (_, begin) => {
    begin();
    vi.advanceTimersByTime(10);
    expect(failed.mock.calls).toEqual([[fault]]);
  });

  it('are called early rather than at once where the delay is longer than timers take', () => {
    const run = vi.fn();
    guard.after(guard.LONGEST_DELAY_MS * 3, failed, run);
    vi.advanceTimersByTime(guard.LONGEST_DELAY_MS - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  it('are the only timers of the broker', () => {
    const root = fileURLToPath(new URL('../../../src/embedded/broker', import.meta.url));
    const bare = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'guard.ts')
      .filter((name) =>
        /\b(setTimeout|setInterval|setImmediate)\(/.test(readFileSync(join(root, name), 'utf8')),
      );
    expect(bare).toEqual([]);
  });
});
