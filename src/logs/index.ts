export { createLogFilter, type LogFilter } from './filter.ts';
export { openLogs, type StackLogs } from './stack-logs.ts';
export { readLines } from './written.ts';
