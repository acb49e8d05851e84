import { applyRoutes, planRoutes } from '../../gateway/index.ts';
import type { Stack } from '../../model/stack.ts';
import type { FaultKind } from '../fault-kind.ts';

/** Changes a route at the gateway so that it matches nothing that anybody asks for. */
export const corrupt: FaultKind = {
  about: 'a route of the gateway that matches nothing any more',
  subjects: async ({ services }) => services.flatMap(({ routes }) => routes.map(({ name }) => name)),
  takes: [],
  async inject({ context, stack }, { name, subject }, remember) {
    await remember({});
    const broken = withRoute(stack, subject, name);
    await applyRoutes(context, broken, await planRoutes(context, broken));
  },
  async undo({ context, stack }) {
    await applyRoutes(context, stack, await planRoutes(context, stack));
  },
};

function withRoute(stack: Stack, name: string, fault: string): Stack {
  return {
    ...stack,
    services: stack.services.map((service) => ({
      ...service,
      routes: service.routes.map((route) => {
        if (route.name !== name) return route;
        const { uris: _, ...others } = route;
        return { ...others, uri: `/.chaos/${fault}` };
      }),
    })),
  };
}
