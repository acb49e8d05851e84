import { LEVEL_WORD } from '../levels.ts';
import { textForm } from '../text-line.ts';

/** gunicorn: `[2026-11-29 13:45:22 +0000] [7] [INFO] Booting worker with pid: 9`. */
export const gunicorn = textForm({
  name: 'gunicorn',
  kind: 'own',
  pattern: new RegExp(
    String.raw`^\[(?<day>\d{4}-\d\d-\d\d) (?<time>\d\d:\d\d:\d\d) (?<zone>[+-]\d{4})\] \[\d+\] \[(?<level>${LEVEL_WORD})\] (?<message>.*)$`,
    'i',
  ),
  parts: ({ day, time, zone, level, message = '' }) => ({ message, time: `${day} ${time} ${zone}`, level }),
});
