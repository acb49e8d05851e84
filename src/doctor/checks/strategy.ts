import { type Check, fail, pass } from '../check.ts';

/** What `up` would choose. */
export const strategy: Check = async ({ plan }) => {
  const decided = await plan;
  if ('choices' in decided) {
    const choices = decided.choices.map(({ resource, provider }) => `${resource} ${provider}`).join(', ');
    return pass(`${decided.strategy}: ${choices}`);
  }
  return fail([decided.message, ...decided.details].join('\n'), decided.hint ?? 'see the other checks');
};
