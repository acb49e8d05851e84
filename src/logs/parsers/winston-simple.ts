import { textForm } from '../text-line.ts';

/** winston's simple form: `warn: disk is full {"free":3}`. It writes no time. */
export const winstonSimple = textForm({
  name: 'winston (simple)',
  kind: 'loose',
  pattern: /^(?<level>silly|debug|verbose|http|info|warn|error): (?<message>.*)$/,
  parts: ({ level, message = '' }) => ({ message, level }),
});
