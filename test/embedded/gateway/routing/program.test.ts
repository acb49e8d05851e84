import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../src/embedded/gateway/exchange.ts';
import { Program } from '../../../../src/embedded/gateway/routing/program.ts';

describe('the log phase', () => {
  it('comes to each plugin, also behind one that fails: what it has counted it must count back', () => {
    const ended: string[] = [];
    const step = (name: string, log: () => void) => ({ name, priority: 0, phases: { log } });
    const program = new Program([
      step('broken', () => {
        throw new Error('broken');
      }),
      step('limit-conn', () => ended.push('limit-conn')),
    ]);
    program.log({} as Exchange, (error) => ended.push((error as Error).message));
    expect(ended).toEqual(['broken', 'limit-conn']);
  });
});
