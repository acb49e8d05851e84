import * as z from 'zod';
import { filled, NAME, NAME_RULE, name, named } from '../fields.ts';

export const commandSchema = z
  .strictObject({
    description: filled('a sentence').describe('What it does, for `qbtc --help`.'),
    service: name().describe('The service whose environment it gets, and whose folder `entry` is in.'),
    entry: filled('a file').describe(
      'The TypeScript or JavaScript file to bundle and run, relative to the folder of the service. It gets the arguments as they are, in the folder that qbtc was called in; its exit code is that of qbtc.',
    ),
    subcommands: z
      .record(z.string().regex(NAME, { error: NAME_RULE }), z.string())
      .default({})
      .describe('Its own commands and what they do, for completion.'),
  })
  .describe('A command of the stack: `qbtc NAME`. Those of qbtc itself go first.');

export const commands = named(commandSchema)
  .default({})
  .describe('Commands that the stack adds to qbtc, by name: `qbtc NAME`.');
