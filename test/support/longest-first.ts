import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or more: begun last they would run alone at the end. */
const LONGEST = [
  'docs.real',
  'docs-begin.real',
  'parts.real',
  'up.real',
  'topology.real',
  'routes.real',
  'scale.real',
  'closed-loop.real',
  'by-hand.real',
  'journey.real',
  'recovery.faults',
];

/** Vitest's own order knows how long files take only from runs before, which a fresh clone has not had. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.includes(`/${name}.test.ts`));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
