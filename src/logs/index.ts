export { readStartedLog } from './files.ts';
export { createLogFilter, type LogFilter } from './filter.ts';
export { containerLogLine, openLogs, type StackLogs } from './stack-logs.ts';
