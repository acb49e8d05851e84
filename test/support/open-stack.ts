import { join } from 'node:path';
import { openStack, STACK_FILE } from '../../src/config/load.ts';
import type { Stack } from '../../src/model/stack.ts';

/** The stack at `root`, as every command opens it. */
export function openStackAt(root: string): Promise<Stack> {
  return openStack({ file: join(root, STACK_FILE), env: process.env, qbtcVersion: '0.1.0' });
}
