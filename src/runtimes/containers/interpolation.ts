import { type SubstitutionProblem, substitute } from '../../config/substitution.ts';

type Path = readonly (string | number)[];

/**
 * Fills in the variables of a compose file, in values and not in keys. A variable that is not set becomes an empty text,
 * as compose has it, unless it is asked for with `?`.
 */
export function fillIn(
  value: unknown,
  values: Readonly<Record<string, string | undefined>>,
  onProblem: (path: Path, problem: string) => void,
  path: Path = [],
): unknown {
  if (typeof value === 'string') {
    return substitute(
      value,
      (name) => values[name],
      (problem) => {
        if (problem.kind !== 'unset') onProblem(path, told(problem));
      },
    );
  }
  if (Array.isArray(value))
    return value.map((each, index) => fillIn(each, values, onProblem, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, fillIn(each, values, onProblem, [...path, key])]),
  );
}

function told({ kind, name, text }: SubstitutionProblem): string {
  if (kind === 'not_a_reference') return `found "${text}", expected \${NAME} or $$ for a dollar`;
  return `${name} is not set${text === '' ? '' : `: ${text}`}`;
}
