import { runProgram } from '../program.ts';
import type { GatewayConfiguration } from './gateway.ts';
import { workerCount } from './workers/count.ts';
import { WORKER_ARGUMENT } from './workers/messages.ts';

// What one process does not need is not loaded there.
if (process.argv[2] === WORKER_ARGUMENT) {
  const { runWorker } = await import('./workers/worker.ts');
  runWorker();
} else {
  await runProgram<GatewayConfiguration>('gateway', async (configuration, log) => {
    if (workerCount(configuration) === 1) {
      const { startGateway } = await import('./gateway.ts');
      return startGateway(configuration, log);
    }
    const { startPrimary } = await import('./workers/primary.ts');
    return startPrimary(configuration, log);
  });
}
