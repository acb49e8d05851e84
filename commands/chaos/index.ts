import type { Register } from '../command.ts';
import { guard } from './guard.ts';
import { inject } from './inject.ts';
import { list } from './list.ts';
import { run as runCommand } from './run.ts';
import { undo } from './undo.ts';

export const chaos: Register = (program, run) => {
  const group = program
    .command('chaos')
    .description('break the stack on purpose, and see what becomes of it; always undone');
  for (const register of [list, runCommand, inject, undo, guard]) register(group, run);
};
