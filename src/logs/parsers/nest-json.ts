import { has, jsonForm } from '../json-line.ts';

/** Nest's console with `json: true`: `{"level":"log","pid":7,"timestamp":1764423922123,"message":"ready","context":"App"}`. */
export const nestJson = jsonForm({
  name: 'Nest (JSON)',
  is: (line) =>
    has(line, 'level', 'string') &&
    has(line, 'pid', 'number') &&
    has(line, 'timestamp', 'number') &&
    has(line, 'message', 'string'),
});
