import { has, jsonForm } from '../json-line.ts';

/** logrus and Go's slog: `{"level":"info","msg":"ready","time":"2026-…"}`. */
export const logrus = jsonForm({
  name: 'logrus',
  is: (line) => ['level', 'msg', 'time'].every((name) => has(line, name, 'string')),
});
