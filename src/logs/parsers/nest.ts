import { textForm } from '../text-line.ts';

/**
 * Nest's console: `[Nest] 7  - 11/30/2026, 6:11:05 PM     LOG [NestFactory] Starting Nest application... +5ms`. The day is
 * written as the machine's language has it: what cannot be a month is a day.
 */
export const nest = textForm({
  name: 'Nest',
  kind: 'own',
  pattern:
    /^\[[^\]]+\] \d+ +- (?<a>\d{1,2})[/.](?<b>\d{1,2})[/.](?<year>\d{4}),? (?<hour>\d{1,2}):(?<minute>\d\d):(?<second>\d\d)(?:\s(?<half>[AP]M))?\s+(?<level>LOG|ERROR|WARN|DEBUG|VERBOSE|FATAL) (?:\[(?<context>[^\]]*)\] )?(?<message>.*?)(?: \+\d+ms)?$/,
  parts: ({ a, b, year, hour, minute, second, half, level, context, message = '' }) => {
    const [month, day] = Number(a) > 12 ? [b, a] : [a, b];
    const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === 'PM' ? 12 : 0);
    const two = (value: string | number | undefined) => String(value).padStart(2, '0');
    return {
      message,
      time: `${year}-${two(month)}-${two(day)}T${two(hours)}:${minute}:${second}`,
      level,
      ...(context === undefined ? {} : { fields: { context } }),
    };
  },
});
