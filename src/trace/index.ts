export { findTrace, type Wanted } from './find.ts';
export { openTraceStore, type TraceFilter, type TraceStore } from './store.ts';
