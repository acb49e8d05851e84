import { compileExpression, ExpressionError } from '../../matching/expression.ts';
import { unavailableVariable } from './variables.ts';

/**
 * What is wrong with an expression, in APISIX's words, or which of its variables this gateway lacks.
 *
 * @param field where it stands
 */
export function varsError(vars: unknown, field = 'vars'): string | undefined {
  return expressionError(vars, `failed to validate the '${field}' expression: `);
}

/** The same for a plugin that gives lua-resty-expr's own words, without anything before them. */
export function expressionError(vars: unknown, before = ''): string | undefined {
  try {
    for (const name of compileExpression(vars).names) {
      const lacking = unavailableVariable(name);
      if (lacking !== undefined) return lacking;
    }
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return before + error.message;
    throw error;
  }
}
