import { has, jsonForm } from '../json-line.ts';

/** structlog: `{"event":"ready","level":"info","timestamp":"2026-…"}`. */
export const structlog = jsonForm({
  name: 'structlog',
  is: (line) => has(line, 'event', 'string') && has(line, 'level', 'string'),
  names: { message: ['event'] },
});
