import { textForm } from '../text-line.ts';

/** A time at the head of the line, and a level behind it where there is one: nginx's error log, Go's `log`, and what many a program prints. */
export const timed = textForm({
  name: 'text with a time',
  kind: 'general',
  pattern:
    /^\[?(?<year>\d{4})[-/](?<month>\d\d)[-/](?<day>\d\d)[T ](?<time>\d\d:\d\d:\d\d)(?:[.,](?<fraction>\d{1,9}))?(?: ?(?<zone>Z|[+-]\d\d:?\d\d))?\]?[ :,-]*(?:\[? *(?<level>trace|debug|info|notice|warn|warning|error|crit|critical|alert|emerg|fatal)\b *\]?[ :,-]*)?(?<message>.*)$/i,
  parts: ({ year, month, day, time, fraction = '0', zone = '', level, message = '' }) => ({
    message,
    // Without a zone it is the time of the machine.
    time: `${year}-${month}-${day}T${time}.${fraction.slice(0, 3)}${zone}`,
    level,
  }),
});
