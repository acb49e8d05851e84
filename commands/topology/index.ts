import type { Register } from '../command.ts';
import { apply } from './apply.ts';
import { check } from './check.ts';
import { exportCommand } from './export.ts';
import { graph } from './graph.ts';
import { importCommand } from './import.ts';
import { migrate } from './migrate.ts';
import { plan } from './plan.ts';

/** The members of `qbtc topology`; each declares itself on the group. */
export const topology: Register = (program, run) => {
  const group = program
    .command('topology')
    .description('exchanges, queues, bindings, policies and accounts of the broker');
  for (const register of [plan, apply, migrate, check, graph, importCommand, exportCommand])
    register(group, run);
};
