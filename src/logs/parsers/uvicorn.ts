import { textForm } from '../text-line.ts';

/** uvicorn: `INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK`; the message begins in the eleventh column. It writes no time. */
export const uvicorn = textForm({
  name: 'uvicorn',
  kind: 'own',
  pattern: /^(?<level>TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL): +(?<=^.{10})(?<message>\S.*)$/,
  parts: ({ level, message = '' }) => ({ message, level }),
});
