import * as z from 'zod';
import { experimentNamed, loadExperiments, runExperiment } from '../../chaos/index.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { experiment: z.string() },
  documents: ['experiment'],
  async run(context, stack, { experiment: name }) {
    const experiment = experimentNamed(await loadExperiments(stack), name);
    const { progress } = context.io;
    const report = await runExperiment(context, stack, experiment, {
      onStep: (step) => progress.step(name, step),
    });
    progress.stop();
    return { document: { kind: 'experiment', ...report }, exit: exitFor(report.findings.length > 0) };
  },
});
