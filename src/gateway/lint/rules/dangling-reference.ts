import { nearest } from '../../../config/mistake.ts';
import { objectsOf, referencesOf } from '../../state.ts';
import type { LintRule } from '../rule.ts';

/** A reference to something that the stack does not declare. The gateway may have it from elsewhere. */
export const danglingReference: LintRule = {
  code: 'dangling-reference',
  severity: 'error',
  check: (state) =>
    [...objectsOf(state)].flatMap(({ kind, id, object }) =>
      referencesOf(kind, id, object)
        .filter((reference) => !state[reference.kind].has(reference.id))
        .map((reference) => {
          const near = nearest(reference.id, state[reference.kind].keys());
          return {
            kind,
            id,
            path: [`${reference.kind}_id`],
            message: `it refers to ${reference.kind} ${reference.id}, which is not declared${near === undefined ? '' : `; did you mean "${near}"?`}`,
            fix: `declare the ${reference.kind} ${reference.id}`,
          };
        }),
    ),
};
