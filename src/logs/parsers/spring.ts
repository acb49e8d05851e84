import { textForm } from '../text-line.ts';

/** Spring Boot: `2026-11-29T13:45:22.123Z  INFO 7 --- [app] [main] c.e.Application : Started in 2 s`. */
export const spring = textForm({
  name: 'Spring Boot',
  kind: 'own',
  pattern:
    /^(?<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)?) +(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +\d+ --- (?<between>(?:\[[^\]]*\] ?)+)(?<logger>\S+) *: (?<message>.*)$/,
  parts: ({ time, level, logger, message = '' }) => ({ message, time, level, fields: { logger } }),
});
