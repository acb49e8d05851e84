import { has, jsonForm } from '../json-line.ts';

/** winston: `{"level":"info","message":"ready","timestamp":"2026-…"}`; the time only where it was asked for. */
export const winston = jsonForm({
  name: 'winston',
  is: (line) => has(line, 'level', 'string') && has(line, 'message', 'string'),
});
