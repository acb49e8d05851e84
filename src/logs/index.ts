export { readStartedLog } from './files.ts';
export { createLogFilter, type LogFilter } from './filter.ts';
export { LOG_LEVELS, type LogLevel } from './line.ts';
export { containerLogLine, openLogs, type StackLogs } from './stack-logs.ts';
