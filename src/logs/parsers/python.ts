import { textForm } from '../text-line.ts';

/** The form that Python's documentation of `logging` shows: `2026-11-29 13:45:22,123 - app.orders - INFO - ready`. */
export const python = textForm({
  name: 'Python logging',
  kind: 'own',
  pattern:
    /^(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) - (?<logger>[\w.$-]+) - (?<level>[A-Z]+) - (?<message>.*)$/,
  parts: ({ time, logger, level, message = '' }) => ({ message, time, level, fields: { logger } }),
});
