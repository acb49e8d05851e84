import { createLifecycle } from '@stack/runtime/lifecycle';
import { createLog } from '@stack/runtime/logging';
import { describe, expect, it } from 'vitest';

const quiet = createLog({ service: 'a', level: 'silent', destination: { write: () => {} } });

describe('createLifecycle', () => {
  it('runs the steps once, the last added first, and goes on after one that fails', async () => {
    const lifecycle = createLifecycle({ log: quiet, timeoutMs: 1000 });
    const order: string[] = [];
    lifecycle.onEnd('first', async () => order.push('first'));
    lifecycle.onEnd('broken', () => Promise.reject(new Error('broken')));
    lifecycle.onEnd('last', async () => order.push('last'));
    expect(await Promise.all([lifecycle.end('one'), lifecycle.end('two')])).toEqual([true, true]);
    expect(order).toEqual(['last', 'first']);
  });

  it('ends within its bound although a step hangs', async () => {
    const lifecycle = createLifecycle({ log: quiet, timeoutMs: 20 });
    lifecycle.onEnd('stuck', () => new Promise(() => {}));
    expect(await lifecycle.end('test')).toBe(false);
  });
});
