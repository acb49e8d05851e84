import { FAULTS, loadExperiments, readJournal } from '../../chaos/index.ts';
import { FAULT_KIND_NAMES } from '../../model/chaos.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['chaos'],
  async run(_, stack) {
    const [experiments, injected, faults] = await Promise.all([
      loadExperiments(stack),
      readJournal(stack.root),
      Promise.all(
        FAULT_KIND_NAMES.map(async (kind) => ({
          kind,
          about: FAULTS[kind].about,
          subjects: await FAULTS[kind].subjects(stack),
        })),
      ),
    ]);
    return {
      document: {
        kind: 'chaos',
        stack: stack.name,
        allowed: stack.chaos.allowed,
        experiments: experiments.map(({ name, description }) => ({ name, description })),
        faults,
        injected: injected.map(({ name, at }) => ({ name, at })),
      },
    };
  },
});
