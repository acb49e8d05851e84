import type { Register } from '../command.ts';
import { asyncapi } from './asyncapi.ts';
import { diff } from './diff.ts';
import { docs } from './docs.ts';
import { publish } from './publish.ts';
import { replay } from './replay.ts';
import { tail } from './tail.ts';
import { types } from './types.ts';
import { validate } from './validate.ts';

/** The members of `qbtc events`; each declares itself on the group. */
export const events: Register = (program, run) => {
  const group = program.command('events').description('contracts of the events, and the events themselves');
  for (const register of [validate, types, docs, asyncapi, diff, tail, publish, replay]) register(group, run);
};
