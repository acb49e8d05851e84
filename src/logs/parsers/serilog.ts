import { has, jsonForm } from '../json-line.ts';

/** Serilog's compact form: `{"@t":"2026-…","@m":"ready","@l":"Warning"}`; without a level it is Information. */
export const serilog = jsonForm({
  name: 'Serilog',
  is: (line) => has(line, '@t', 'string'),
  names: { message: ['@m', '@mt'], timestamp: ['@t'], level: ['@l'] },
  level: 'info',
});
