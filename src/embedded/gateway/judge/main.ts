import { text } from 'node:stream/consumers';
import { type Declared, refusalsOf } from './refusals.ts';

/** Reads a declaration as JSON from stdin, which shows no secrets to others, and writes what would be refused to stdout. */
const declared = JSON.parse(await text(process.stdin)) as Declared[];
process.stdout.write(JSON.stringify(refusalsOf(declared)));
