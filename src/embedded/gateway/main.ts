import { runProgram } from '../program.ts';
import { startGateway } from './gateway.ts';

await runProgram('gateway', startGateway);
