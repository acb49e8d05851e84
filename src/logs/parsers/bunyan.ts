import { has, jsonForm } from '../json-line.ts';

/** bunyan: `{"name":"api","hostname":"h","pid":7,"level":30,"msg":"ready","time":"2026-…","v":0}`. */
export const bunyan = jsonForm({
  name: 'bunyan',
  is: (line) => has(line, 'v', 'number') && has(line, 'level', 'number') && has(line, 'name', 'string'),
});
