import { secretUses } from '../../config/secret-uses.ts';
import { rotate } from '../../lifecycle/rotate.ts';
import type { Stack } from '../../model/stack.ts';
import type { Remedy } from '../remedy.ts';

/** Gives a service new passwords where a server refuses the old ones: both sides learn them, and the service restarts. */
export const rotateCredential: Remedy = {
  mends: ['credential-refused'],
  cost: 'the service restarts with new passwords; nobody else knows them',
  unfit: ({ subject }, _, stack) =>
    secretsOf(stack, subject).length > 0 ? undefined : `${subject} has no account of its own`,
  command: ({ subject }, stack) => `qbtc secrets rotate ${secretsOf(stack, subject).join(' ')}`,
  async apply({ context, stack, timeoutMs }, { subject }) {
    const { rotated, restarted } = await rotate(context, stack, secretsOf(stack, subject), timeoutMs);
    return `rotated ${rotated.join(', ')}; restarted ${restarted.join(', ')}`;
  },
};

/** The passwords of the accounts that are the service's alone. */
function secretsOf(stack: Stack, service: string): string[] {
  return secretUses(stack)
    .filter(
      ({ subject }) => (subject.kind === 'role' || subject.kind === 'account') && subject.service === service,
    )
    .map(({ name }) => name);
}
