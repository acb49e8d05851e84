import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { MachineMetrics } from '../../model/metrics.ts';
import type { Stack } from '../../model/stack.ts';

export async function machineMetrics({ root }: Pick<Stack, 'root'>): Promise<MachineMetrics> {
  const { bsize, blocks, bavail } = await statfs(root);
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    cores: availableParallelism(),
    load: [one, five, fifteen],
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    diskBytes: blocks * bsize,
    freeDiskBytes: bavail * bsize,
  };
}
