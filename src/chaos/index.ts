export { type Experiment, experimentNamed, loadExperiments } from './experiment.ts';
export { wasDismissed } from './guard.ts';
export { inject, undo } from './inject.ts';
export { readJournal } from './journal.ts';
export { faultNamed, faultNames } from './name.ts';
export { FAULTS } from './registry.ts';
export { runExperiment } from './run.ts';
