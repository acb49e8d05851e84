import { runProgram } from '../program.ts';
import { startBroker } from './broker.ts';

await runProgram('broker', startBroker);
