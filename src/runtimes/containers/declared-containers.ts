import { PLACE_LABEL, placeOf } from '../../config/place.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../model/gateway.ts';
import type { OtherServer, Resource } from '../../model/resource.ts';
import type { Stack } from '../../model/stack.ts';
import { isRecord } from '../../record.ts';

/** What of a stack the compose file is read with. */
export type ComposeStack = Pick<Stack, 'root' | 'composeFile' | 'resources'>;

type Declared = Resource & { server: OtherServer & { container: NonNullable<OtherServer['container']> } };

/** The resources that are containers by their declaration in qbtc.yaml. */
export function declaredContainers({ resources }: Pick<Stack, 'resources'>): Declared[] {
  return resources.filter((each): each is Declared => each.server?.container !== undefined);
}

/**
 * The compose file with these containers as services of it, each in the place of one of its name. They join the networks that
 * the file has, so that its services reach them by their names.
 */
export function withContainers(data: unknown, stack: ComposeStack): Record<string, unknown> {
  const declared = declaredContainers(stack);
  const file = isRecord(data) ? data : {};
  const networks = Object.entries(isRecord(file.networks) ? file.networks : {}).flatMap(([key, network]) =>
    isRecord(network) && network.external !== undefined ? [] : key,
  );
  const services = Object.fromEntries(
    declared.map((resource) => [resource.name, serviceOf(stack, resource, networks)]),
  );
  const volumes = declared.flatMap(({ server }) => server.container.volumes.flatMap(volumeOf));
  return {
    ...file,
    services: { ...(isRecord(file.services) ? file.services : {}), ...services },
    volumes: {
      ...Object.fromEntries(volumes.map((name) => [name, null])),
      ...(isRecord(file.volumes) ? file.volumes : {}),
    },
  };
}

function serviceOf(stack: ComposeStack, { server, ports }: Declared, networks: readonly string[]) {
  const { container, command, env, stopSignal, stopTimeoutMs } = server;
  return {
    image: literal(container.image),
    ...(command === undefined ? {} : { command: command.map(literal) }),
    ...(container.entrypoint === undefined ? {} : { entrypoint: container.entrypoint.map(literal) }),
    environment: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, literal(value)])),
    labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [PLACE_LABEL]: placeOf(stack.root) },
    ports: Object.entries(ports).map(([role, port]) => `127.0.0.1:${port}:${container.ports[role] ?? port}`),
    volumes: container.volumes.map(literal),
    restart: 'on-failure:5',
    stop_signal: stopSignal,
    stop_grace_period: `${Math.ceil(stopTimeoutMs / 1000)}s`,
    ...(networks.length === 0 ? {} : { networks }),
  };
}

/** A compose file fills dollars in. */
function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** The name of a volume that is kept; none for a path and for one without a name. */
function volumeOf(written: string): string[] {
  const [source = '', target] = written.split(':');
  return target === undefined || /^[./~\\]/.test(source) || /^[A-Za-z]$/.test(source) ? [] : [source];
}
