import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { Phases, Plugin } from '../plugin.ts';
import type { AnyPlugin } from '../plugin-registry.ts';
import { validationError, withDefaults } from '../schema/validator.ts';

interface MultiAuth {
  auth_plugins: Record<string, Record<string, unknown>>[];
}

/**
 * Asks several auth plugins, in their order, until one lets the request through.
 *
 * @param find the plugins of the gateway
 */
export function multiAuth(find: (name: string) => AnyPlugin | undefined): Plugin<MultiAuth> {
  return {
    name: 'multi-auth',
    version: 0.1,
    priority: 2600,
    type: 'auth',
    schema: {
      type: 'object',
      title: 'work with route or service object',
      properties: { auth_plugins: { type: 'array', minItems: 2 } },
      required: ['auth_plugins'],
    },
    check({ auth_plugins: members }) {
      for (const [name, configuration] of members.flatMap((each) => Object.entries(each ?? {}))) {
        const plugin = find(name);
        if (plugin === undefined) return `${name} plugin did not found`;
        if (plugin.type !== 'auth' || plugin.consumerSchema === undefined)
          return `${name} plugin is not supported`;
        const error = validationError(plugin.schema, configuration) ?? plugin.check?.(configuration);
        if (error !== undefined) return `plugin ${name} check schema failed: ${error}`;
      }
      return undefined;
    },
    compile({ auth_plugins: members }, host) {
      const asked: Phases[] = members
        .flatMap((each) => Object.entries(each))
        .flatMap(([name, configuration]) => {
          const plugin = find(name);
          return plugin === undefined
            ? []
            : [plugin.compile(withDefaults(plugin.schema, configuration), host)];
        });

      async function ask(exchange: Exchange): Promise<Answer | undefined> {
        for (const { rewrite } of asked) {
          if ((await rewrite?.(exchange)) === undefined) return undefined;
        }
        return { status: 401, body: { message: 'Authorization Failed' } };
      }
      return {
        rewrite: ask,
        headerFilter(exchange) {
          for (const { headerFilter } of asked) headerFilter?.(exchange);
        },
      };
    },
  };
}
