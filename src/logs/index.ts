export { createLogFilter, type LogFilter } from './filter.ts';
export { continues } from './reader.ts';
export { openLogs, type StackLogs } from './stack-logs.ts';
export { readLines } from './written.ts';
