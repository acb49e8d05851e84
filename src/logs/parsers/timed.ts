import { textForm } from '../text-line.ts';

/** A time at the head of the line, and a level behind it where there is one: nginx's error log, Go's `log`, and what many a program prints. */
export const timed = textForm({
  name: 'text with a time',
  kind: 'general',
  pattern:
    /^\[?(?<year>\d{4})[-/](?<month>\d\d)[-/](?<day>\d\d)[T ](?<time>\d\d:\d\d:\d\d)(?:[.,](?<fraction>\d{1,9}))?(?: ?(?<zone>Z|[+-]\d\d:?\d\d))?\]?[ :,-]*(?:(?<open>\[)? *(?<level>trace|debug|info|notice|warn|warning|error|crit|critical|alert|emerg|fatal)\b(?: *\])?(?<after>[ :,-]*))?(?<message>.*)$/i,
  parts: ({ year, month, day, time, fraction = '0', zone = '', open, level, after = '', message = '' }) => ({
    // `error opening a file` may be a level and a message, or a sentence: none of its words is lost.
    message: isSet(open, level, after) ? message : `${level}${after}${message}`,
    // Without a zone it is the time of the machine.
    time: `${year}-${month}-${day}T${time}.${fraction.slice(0, 3)}${zone}`,
    level,
  }),
});

/** Whether the word of the level is set apart from the message: in brackets, in capitals, before a mark or a column. */
function isSet(open: string | undefined, level: string | undefined, after: string): boolean {
  if (open !== undefined || level === undefined || level === level.toUpperCase()) return true;
  return /[:,]| {2}| - /.test(after);
}
