import { has, jsonForm } from '../json-line.ts';

/** The one schema of the stacks that `qbtc new` makes. */
export const qbtc = jsonForm({
  name: 'qbtc',
  is: (line) => ['timestamp', 'service', 'level', 'message'].every((name) => has(line, name, 'string')),
});
