import { has, jsonForm } from '../json-line.ts';

/** python-json-logger: `{"asctime":"2026-11-29 13:45:22,123","levelname":"INFO","name":"app","message":"ready"}`. */
export const pythonJsonLogger = jsonForm({
  name: 'python-json-logger',
  is: (line) => has(line, 'levelname', 'string') && has(line, 'message', 'string'),
});
