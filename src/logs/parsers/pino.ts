import { has, jsonForm } from '../json-line.ts';

/** pino: `{"level":30,"time":1764423922123,"pid":7,"hostname":"h","msg":"ready"}`. */
export const pino = jsonForm({
  name: 'pino',
  is: (line) => has(line, 'level', 'number') && has(line, 'time', 'number'),
});
