import { type Check, failed, passed } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Each resource answers its protocol with its credentials, and each service its health document as itself. */
export const resourceActive: Check = {
  component: 'infrastructure',
  severity: 'critical',
  about:
    'Each resource answers its protocol with its credentials, and each service its health document as itself (status 200, its own name). Looked at from outside: a process that runs and does not answer is not active.',
  foreign:
    'The same: it asks that what qbtc.yaml declares runs, and for no form of it. A service is asked in the way that its `health` says, and a document may say whatever it likes.',
  declare: '`infrastructure` and `services` of qbtc.yaml',
  nothingDeclared: 'the stack declares no resource and no service',
  examine: (snapshot, stack) =>
    snapshot.resources.map(({ name, kind, provider, state, reason }) =>
      state === 'active'
        ? passed(name, `${kind} (${provider}) is active`)
        : failed(name, `${kind} (${provider}) is ${state}`, {
            why: reason === '' ? `${name} is ${state}` : reason,
            ...remedyFor(snapshot, stack, name),
          }),
    ),
};
