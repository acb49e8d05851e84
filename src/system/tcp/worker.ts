import { parentPort, workerData } from 'node:worker_threads';
import { connectScan, type ScanRange } from './connect-scan.ts';

/** A part of a long scan, in a thread of its own: what takes the time is making sockets, not waiting for them. */
export type ScanMessage = { count: number } | { open: number[] };

// Nobody reads where in Node a connection was refused, and finding it out takes a third of the time.
Error.stackTraceLimit = 0;
const tell = (message: ScanMessage) => parentPort?.postMessage(message);
tell({ open: await connectScan(workerData as ScanRange, (count) => tell({ count })) });
