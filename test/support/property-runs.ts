import fc from 'fast-check';

const wanted = Number(process.env.PROPERTY_RUNS);
const isWhole = process.env.npm_lifecycle_event === 'test';

/**
 * How many examples a property that takes long is tried with: `few` in `npm run test:unit`, which is to be fast, `many` in
 * `npm test`, and as many as PROPERTY_RUNS asks for.
 */
export function runs(few: number, many: number): number {
  if (wanted > 0) return wanted;
  return isWhole ? many : few;
}

// The fast run tries the same few each time, and fails for a reason; all others try others each time.
if (wanted > 0) fc.configureGlobal({ numRuns: wanted });
else if (!isWhole) fc.configureGlobal({ numRuns: 30, seed: 26 });
