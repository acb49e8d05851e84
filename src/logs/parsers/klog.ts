import { textForm } from '../text-line.ts';

const LEVELS: Readonly<Record<string, string>> = { I: 'info', W: 'warn', E: 'error', F: 'fatal' };
const A_DAY_MS = 86_400_000;

/** klog and glog: `I1129 13:45:22.123456       7 main.go:12] ready`. It names no year: the last in which that day has been. */
export const klog = textForm({
  name: 'klog',
  kind: 'own',
  pattern:
    /^(?<level>[IWEF])(?<month>\d\d)(?<day>\d\d) (?<time>\d\d:\d\d:\d\d\.\d{3})\d* +\d+ (?<place>[^\s\]]+:\d+)\] (?<message>.*)$/,
  parts: ({ level = '', month, day, time, place, message = '' }, now) => {
    const year = new Date(now).getFullYear();
    const at = (of: number) => `${of}-${month}-${day}T${time}`;
    return {
      message,
      time: Date.parse(at(year)) > now + A_DAY_MS ? at(year - 1) : at(year),
      level: LEVELS[level],
      fields: { caller: place },
    };
  },
});
