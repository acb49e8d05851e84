import { textForm } from '../text-line.ts';

/** What `logging.basicConfig()` writes: `WARNING:root:disk is full`. It writes no time. */
export const pythonBasic = textForm({
  name: 'Python logging (basic)',
  kind: 'loose',
  pattern: /^(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):(?<logger>[\w.$-]+):(?<message>.*)$/,
  parts: ({ level, logger, message = '' }) => ({ message, level, fields: { logger } }),
});
