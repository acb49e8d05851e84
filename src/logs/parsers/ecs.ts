import { has, jsonForm } from '../json-line.ts';

/** Elastic Common Schema: `{"@timestamp":"2026-…","log.level":"info","message":"ready","ecs.version":"8.10.0"}`. */
export const ecs = jsonForm({
  name: 'ECS',
  is: (line) => has(line, '@timestamp', 'string') && has(line, 'message', 'string'),
  names: { timestamp: ['@timestamp'], level: ['log.level', 'level'] },
});
