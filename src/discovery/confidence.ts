import type { Condition, Evidence } from '../model/discovery.ts';

/**
 * How likely it is that each kind of evidence alone is right. Somebody who says so (a label, a declaration, an
 * announcement) counts more than something that looks like it; the service's own answer counts most.
 */
export const WEIGHTS: Readonly<Record<Evidence['source'] | 'anonymous', number>> = {
  health: 0.8,
  anonymous: 0.4,
  docker: 0.6,
  stack: 0.5,
  bus: 0.5,
  registry: 0.5,
  ports: 0.3,
  rabbitmq: 0.3,
  processes: 0.25,
};

/** Evidence that somebody denies is worth half. */
const CONTRADICTED = 0.5;
/** Of these nothing runs, whoever says that it should. */
const NOT_THERE: ReadonlySet<Condition> = new Set(['absent', 'stopped', 'crashed']);

/**
 * From 0 to 1, two digits: how sure it is that the service runs here. The sources are taken as independent of each
 * other, and each counts once: 1 − ∏ (1 − weight), the noisy-or of J. Pearl, Probabilistic Reasoning in Intelligent
 * Systems (1988), section 4.3.2. Never 1: no source is beyond doubt.
 */
export function confidenceOf(
  sources: Iterable<keyof typeof WEIGHTS>,
  { condition, contradicted }: { condition: Condition; contradicted: boolean },
): number {
  if (NOT_THERE.has(condition)) return 0;
  let doubt = 1;
  for (const source of new Set(sources)) doubt *= 1 - WEIGHTS[source];
  const sure = (1 - doubt) * (contradicted ? CONTRADICTED : 1);
  return Math.min(0.99, Math.round(sure * 100) / 100);
}
