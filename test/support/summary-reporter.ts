import type { Reporter, TestModule } from 'vitest/node';

declare module 'vitest' {
  interface TaskMeta {
    /** What the test has measured, in one line. */
    figures?: string;
  }
}

/** Says at the end how many tests ran, each skipped one with its reason, and what was measured. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const skips: string[] = [];
    const figures: string[] = [];
    for (const module of modules) {
      if (module.state() === 'failed' && [...module.children.allTests()].length === 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'pending') continue;
        counts[result.state] += 1;
        const measured = test.meta().figures;
        if (measured !== undefined) figures.push(measured);
        if (result.state !== 'skipped') continue;
        skips.push(`skipped: ${test.fullName}: ${result.note ?? 'no reason given'}`);
      }
    }
    for (const skip of skips) process.stdout.write(`${skip}\n`);
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    for (const line of figures) process.stdout.write(`${line}\n`);
  }
}
