import { textForm } from '../text-line.ts';

/** Its mark is the level. */
const LEVELS: Readonly<Record<string, string>> = { '.': 'debug', '-': 'info', '*': 'info', '#': 'warn' };

/** Redis: `1234:M 21 Nov 2026 03:40:00.123 * Ready to accept connections`; the time is that of the machine. */
export const redis = textForm({
  name: 'Redis',
  kind: 'own',
  pattern: /^\d+:[A-Z] (?<time>\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}) (?<mark>[.\-*#]) (?<message>.*)$/,
  parts: ({ time, mark = '', message = '' }) => ({ message, time, level: LEVELS[mark] }),
});
