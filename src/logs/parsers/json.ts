import { readJson } from '../json-line.ts';
import type { LogParser } from '../parser.ts';

/** JSON of any other logger: what has a message, under one of the usual names. */
export const json: LogParser = {
  name: 'JSON',
  of: 'json',
  kind: 'general',
  read: ({ json: document }, options) => (document === undefined ? undefined : readJson(document, options)),
};
