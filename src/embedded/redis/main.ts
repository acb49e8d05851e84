import { Buffer } from 'node:buffer';
import { runProgram } from '../program.ts';
import { startRedis } from './server.ts';

// A small buffer is a piece of a larger one, which it keeps alive: a value of 0.9 KB would hold 8 KB.
Buffer.poolSize = 0;

await runProgram('redis', startRedis);
