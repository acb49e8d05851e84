import { nearest } from '../../../config/mistake.ts';
import { objectsOf } from '../../state.ts';
import { KNOWN_PLUGINS } from '../known-plugins.ts';
import type { LintRule } from '../rule.ts';

/** A plugin that neither APISIX nor qbtc brings. */
export const unknownPlugin: LintRule = {
  code: 'unknown-plugin',
  severity: 'error',
  check: (state) =>
    [...objectsOf(state)].flatMap(({ kind, id, object }) => {
      const names =
        kind === 'plugin_metadata' ? [id] : Object.keys((object.plugins as object | undefined) ?? {});
      return names
        .filter((name) => !KNOWN_PLUGINS.has(name))
        .map((name) => {
          const near = nearest(name, KNOWN_PLUGINS);
          return {
            kind,
            id,
            path: kind === 'plugin_metadata' ? [] : ['plugins', name],
            message: `there is no plugin "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
            ...(near === undefined ? {} : { nearest: near }),
            fix: near === undefined ? 'remove it, or bring it to the gateway' : `write ${near}`,
          };
        });
    }),
};
