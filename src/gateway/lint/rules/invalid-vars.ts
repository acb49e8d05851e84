import { messageOf } from '../../../errors.ts';
import { compileExpression } from '../../../matching/expression.ts';
import { objectsOf } from '../../state.ts';
import type { LintProblem, LintRule } from '../rule.ts';

/** Conditions that no gateway understands, or that can never be met. */
export const invalidVars: LintRule = {
  code: 'invalid-vars',
  severity: 'error',
  check: (state) =>
    [...objectsOf(state)].flatMap(({ kind, id, object }) => {
      const problems: LintProblem[] = [];
      const judge = (vars: unknown, path: string[], ofRoute: boolean) => {
        const message = vars === undefined ? undefined : mistake(vars, ofRoute);
        if (message === undefined) return;
        problems.push({ kind, id, path, message, fix: 'write a list of [name, operator, value]' });
      };
      if (kind === 'route') judge(object.vars, ['vars'], true);
      for (const [name, plugin] of Object.entries((object.plugins ?? {}) as Record<string, Configuration>)) {
        judge(plugin?._meta?.filter, ['plugins', name, '_meta', 'filter'], false);
      }
      return problems;
    }),
};

type Configuration = { _meta?: { filter?: unknown } } | null;

function mistake(vars: unknown, ofRoute: boolean): string | undefined {
  try {
    const { names } = compileExpression(vars);
    const late = ofRoute ? [...names].find((name) => name.startsWith('uri_param_')) : undefined;
    return late && `${late} has no value while the route of a request is looked for`;
  } catch (error) {
    return messageOf(error);
  }
}
