import { has, jsonForm } from '../json-line.ts';

/** zap: `{"level":"info","ts":1764423922.123,"caller":"main.go:7","msg":"ready"}`. */
export const zap = jsonForm({
  name: 'zap',
  is: (line) =>
    has(line, 'level', 'string') &&
    has(line, 'msg', 'string') &&
    (has(line, 'ts', 'number') || has(line, 'ts', 'string')),
});
