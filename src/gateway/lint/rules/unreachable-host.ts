import type { LintProblem, LintRule } from '../rule.ts';

/** What the name of a host may be; in front of it one `*`, behind it a port. */
const HOST = /^(?:\*|\*?(?:[\w.-]*[\w-]|\[[0-9a-f:.]+\])(?::\d{1,5})?)$/i;

/** A host that no request is for, though the gateway takes it. */
export const unreachableHost: LintRule = {
  code: 'unreachable-host',
  severity: 'error',
  check: (state) =>
    (['service', 'route'] as const).flatMap((kind) =>
      [...state[kind]].flatMap(([id, { host, hosts }]) =>
        [hosts ?? host ?? []].flat().flatMap((each, index): LintProblem[] =>
          HOST.test(String(each)) && !String(each).includes('..')
            ? []
            : [
                {
                  kind,
                  id,
                  path: hosts === undefined ? ['host'] : ['hosts', index],
                  message: `${String(each)} is the host of no request: it is a name without scheme, path and last dot, with "*" at its beginning alone`,
                  fix: 'write the name as a request has it',
                },
              ],
        ),
      ),
    ),
};
