import type { Register } from '../command.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { rotate } from './rotate.ts';
import { set } from './set.ts';

/** The members of `qbtc secrets`; each declares itself on the group. */
export const secrets: Register = (program, run) => {
  const group = program.command('secrets').description('keys and passwords of the stack');
  for (const register of [get, list, set, rotate]) register(group, run);
};
