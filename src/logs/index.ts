export { createLogFilter, type LogFilter } from './filter.ts';
export { openLogs } from './stack-logs.ts';
export { readLines } from './written.ts';
