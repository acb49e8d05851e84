import { textForm } from '../text-line.ts';

/** RabbitMQ: `2026-11-21 03:40:00.123456+00:00 [info] <0.220.0> Server startup complete`. */
export const rabbitmq = textForm({
  name: 'RabbitMQ',
  kind: 'own',
  pattern:
    /^(?<day>\d{4}-\d\d-\d\d) (?<time>\d\d:\d\d:\d\d\.\d{3})\d*(?<zone>[+-]\d\d:\d\d) \[(?<level>\w+)\] (?:<[\d.]+> )?(?<message>.*)$/,
  parts: ({ day, time, zone, level, message = '' }) => ({ message, time: `${day}T${time}${zone}`, level }),
});
