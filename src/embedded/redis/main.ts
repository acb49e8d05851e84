import { runProgram } from '../program.ts';
import { startRedis } from './server.ts';

await runProgram('redis', startRedis);
