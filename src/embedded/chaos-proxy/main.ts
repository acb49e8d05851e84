import { runProgram } from '../program.ts';
import { startChaosProxy } from './proxy.ts';

await runProgram('chaos-proxy', startChaosProxy);
