import type { Register } from '../command.ts';
import { add } from './add.ts';
import { list } from './list.ts';
import { revoke } from './revoke.ts';
import { rotate } from './rotate.ts';

/** The members of `qbtc consumers`; each declares itself on the group. */
export const consumers: Register = (program, run) => {
  const group = program.command('consumers').description('who may call the routes, and their keys');
  for (const register of [add, list, rotate, revoke]) register(group, run);
};
