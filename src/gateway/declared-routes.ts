import type { ApisixPlugins, ApisixRoute } from '../model/gateway.ts';
import type { ServiceRoute, Stack } from '../model/stack.ts';

/** A route that the stack declares: of one of its services, or in the lists of `gateway`. */
export interface DeclaredRoute {
  /** How it is called: its name at its service, its id in the list. */
  name: string;
  /** With the plugins that it takes from its service and its plugin_config. */
  route: ServiceRoute;
  /** The service of the stack that declares it. */
  service?: string;
}

/** Every route that the stack declares and that is in force: one with `status: 0` is declared not to answer. */
export function declaredRoutes({ services, gateway }: Pick<Stack, 'services' | 'gateway'>): DeclaredRoute[] {
  const pluginsOf = (kind: 'service' | 'plugin_config', id: unknown): ApisixPlugins => {
    const found = gateway.objects.find(
      (each) => each.kind === kind && id !== undefined && each.id === String(id),
    );
    return (found?.object.plugins ?? {}) as ApisixPlugins;
  };
  const whole = (route: ApisixRoute): ApisixPlugins => ({
    ...pluginsOf('service', route.service_id),
    ...pluginsOf('plugin_config', route.plugin_config_id),
    ...route.plugins,
  });
  const own = services.flatMap((service) =>
    service.routes.map((route): DeclaredRoute => ({ name: route.name, route, service: service.name })),
  );
  const listed = gateway.objects.flatMap(({ kind, id, object }): DeclaredRoute[] =>
    kind === 'route' ? [{ name: id, route: { ...(object as ApisixRoute), name: id } }] : [],
  );
  return [...own, ...listed]
    .filter(({ route }) => route.status !== 0)
    .map((each) => ({ ...each, route: { ...each.route, plugins: whole(each.route) } }));
}
