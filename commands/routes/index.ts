import type { Register } from '../command.ts';
import { diff } from './diff.ts';
import { dump } from './dump.ts';
import { explain } from './explain.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { lint } from './lint.ts';
import { list } from './list.ts';
import { sync } from './sync.ts';
import { validate } from './validate.ts';

/** The members of `qbtc routes`; each declares itself on the group. */
export const routes: Register = (program, run) => {
  const group = program
    .command('routes')
    .description('routes, upstreams, consumers and the rest that the gateway holds');
  for (const register of [list, diff, sync, dump, validate, lint, explain, importCommand, exportCommand])
    register(group, run);
};
