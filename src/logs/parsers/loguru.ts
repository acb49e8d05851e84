import { textForm } from '../text-line.ts';

/** loguru: `2026-11-29 13:45:22.123 | INFO     | app.main:start:12 - ready`. */
export const loguru = textForm({
  name: 'loguru',
  kind: 'own',
  pattern:
    /^(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) \| (?<level>[A-Z]+) +\| (?<caller>\S+:\S*:\d+) - (?<message>.*)$/,
  parts: ({ time, level, caller, message = '' }) => ({
    message,
    time,
    level: level === 'SUCCESS' ? 'info' : level,
    fields: { caller },
  }),
});
