type Path = readonly (string | number)[];

/** `$$`, `$NAME`, `${NAME}`, and `${NAME` with one of `:-`, `-`, `:?`, `?`, `:+`, `+` (Compose specification, Interpolation). */
const REFERENCE =
  /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^}]*))?\}|(.?))/g;

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
  if (typeof value === 'string') return replaced(value, values, (problem) => onProblem(path, problem));
  if (Array.isArray(value))
    return value.map((each, index) => fillIn(each, values, onProblem, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, fillIn(each, values, onProblem, [...path, key])]),
  );
}

function replaced(
  text: string,
  values: Readonly<Record<string, string | undefined>>,
  onProblem: (problem: string) => void,
): string {
  return text.replace(
    REFERENCE,
    (whole: string, dollar?: string, plain?: string, braced?: string, operator?: string, word = '') => {
      if (dollar !== undefined) return '$';
      const name = plain ?? braced;
      if (name === undefined) {
        onProblem(`found "${whole}", expected \${NAME} or $$ for a dollar`);
        return whole;
      }
      const value = values[name];
      // With a colon an empty value counts as none.
      const isSet = value !== undefined && !(operator?.startsWith(':') && value === '');
      switch (operator?.at(-1)) {
        case '-':
          return isSet ? value : word;
        case '+':
          return isSet ? word : '';
        case '?':
          if (!isSet) onProblem(`${name} is not set${word === '' ? '' : `: ${word}`}`);
          return value ?? '';
        default:
          return value ?? '';
      }
    },
  );
}
