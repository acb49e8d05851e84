import { textForm } from '../text-line.ts';

/**
 * The access log of nginx, Apache and gunicorn, `127.0.0.1 - - [21/Nov/2026:03:40:00 +0000] "GET / HTTP/1.1" 200`, as
 * APISIX writes it, too; and Flask's, which has a blank before the time and no zone.
 */
export const access = textForm({
  name: 'access log',
  kind: 'own',
  pattern:
    /^\S+ \S+ \S+ \[(?<day>\d\d)\/(?<month>\w{3})\/(?<year>\d{4})[: ](?<time>\d\d:\d\d:\d\d)(?<zone> [+-]\d{4})?\] (?<message>.*)$/,
  parts: ({ day, month, year, time, zone = '', message = '' }) => ({
    message,
    time: `${day} ${month} ${year} ${time}${zone}`,
    level: 'info',
  }),
});
