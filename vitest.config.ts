import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

const NO_UNIT = ['**/*.{real,faults,engine}.test.ts', '**/node_modules/**'];
const GATEWAY = ['test/embedded/gateway', 'test/conformance/gateway', 'test/gateway'].map(
  (folder) => `${folder}/**/*.test.ts`,
);

/** Those of the stack that `qbtc new` makes, of its add-ons, and of the services that are added to it. */
const WORKSPACES = [
  'templates/stack/{packages,services}',
  'templates/addons/*/{packages,services,tools}',
  'templates/services/runtime',
];

/** How long is asked again whether something holds: a machine that is busy for a while loses no test. */
const POLL = { poll: { timeout: 30_000, interval: 20 } };

/** What stacks of an account share is kept here between runs: tests write nothing into the folder of who runs them. */
const OWN_CACHE = {
  env: { XDG_CACHE_HOME: fileURLToPath(new URL('node_modules/.cache', import.meta.url)) },
};

const IN_THIS_PROCESS = {
  ...OWN_CACHE,
  expect: POLL,
  // One process for many files: they keep to themselves, and starting anew for each takes half of the time.
  isolate: false,
  // They wait on sockets and timers more than they compute.
  maxWorkers: 3,
  setupFiles: ['./test/support/property-runs.ts'],
  include: ['test/**/*.test.ts', ...WORKSPACES.map((folder) => `${folder}/*/test/**/*.test.{ts,js}`)],
  // A test that hangs is told apart from a machine that is busy for a while.
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

const LONG = {
  ...OWN_CACHE,
  expect: POLL,
  globalSetup: './test/support/build-once.ts',
  exclude: ['**/node_modules/**'],
  testTimeout: 600_000,
  hookTimeout: 240_000,
};

// unit: in this process, no servers of ours started as processes, some 20 s in all on two processors.
// gateway: the same for all that speaks to the embedded gateway over sockets.
// real: real servers and processes. faults: kills, soaks, and other long runs. engine: a Docker engine of their own, of
// which a machine has room for one, as they share its bridge.
export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    // What has not changed since the last run is not transformed again: an eighth of the processor time of `unit`. The cache
    // stands in node_modules, by the content of the files and of package-lock.json.
    experimental: { fsModuleCache: true },
    projects: [
      {
        test: {
          ...IN_THIS_PROCESS,
          name: 'unit',
          sequence: { groupOrder: 0 },
          exclude: [...NO_UNIT, ...GATEWAY],
        },
      },
      {
        test: {
          ...IN_THIS_PROCESS,
          name: 'gateway',
          sequence: { groupOrder: 1 },
          include: GATEWAY,
          exclude: NO_UNIT,
        },
      },
      {
        test: {
          ...LONG,
          name: 'real',
          sequence: { groupOrder: 2 },
          // They wait on servers that start; each worker has port bases of its own (`support/new-stack.ts`).
          maxWorkers: 3,
          include: [
            'test/**/*.real.test.ts',
            ...WORKSPACES.map((folder) => `${folder}/*/test/**/*.real.test.ts`),
          ],
        },
      },
      {
        test: {
          ...LONG,
          name: 'faults',
          sequence: { groupOrder: 3 },
          include: ['test/**/*.faults.test.ts'],
          // Kills are waited for more than they compute.
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...LONG,
          name: 'engine',
          sequence: { groupOrder: 4 },
          include: ['test/**/*.engine.test.ts'],
          fileParallelism: false,
        },
      },
    ],
  },
});
