import type { Endpoint, Resource, ResourceKind } from '../model/resource.ts';
import { apisix } from './apisix/facts.ts';
import { postgres } from './postgres/facts.ts';
import { rabbitmq } from './rabbitmq/facts.ts';
import { redis } from './redis/facts.ts';

/** The ports of a resource: the role that `Resource.ports` names it by, its key in `qbtc.yaml`, its default. */
export interface PortField {
  role: string;
  key: 'port' | 'management_port' | 'admin_port' | 'tls_port';
  /** Left out: the resource listens there only where it is declared. */
  default?: number;
}

/** What an endpoint of ours is made of. */
export interface OwnAddress {
  /** The name of the stack. */
  stack: string;
  /** `127.0.0.1:5672` */
  authority: string;
  /** The password, or the key of the Admin API. */
  secret: string;
  identity: Identity;
}

/** As what the stack is known to a server, where that is not named after it. */
export interface Identity {
  user?: string | undefined;
  vhost?: string | undefined;
  database?: string | undefined;
}

/** What one kind of resource is, as plain data: what qbtc does with it stands in `kind.ts`. */
export interface ResourceFacts {
  ports: readonly PortField[];
  /** The schemes of its url, and the port that each stands for. */
  schemes: Readonly<Record<string, number>>;
  /** What speaks at its main port; only its clients know where left out. */
  protocol?: 'amqp' | 'redis' | 'postgresql' | 'http';
  /** Its second API: the port that it listens on, and the field of `qbtc.yaml` for one that somebody else runs. */
  management?: { role: string; field: 'management_url' | 'admin_url' };
  /** What the name of its credential ends with: `broker-password`. Left out, none is made for it. */
  credential?: 'password' | 'admin-key';
  /** Whether it encrypts what it keeps with a secret that outlives its credential. */
  hasKeyring: boolean;
  /** What the stack has in one resource of the kind only: with two of them it would be chance where it ends up. */
  holds?: 'topology' | 'routes';
  /** Whether its data is named after the stack: under another name it would begin empty. */
  namesDataAfterStack: boolean;
  /** The credentials in an endpoint of ours, and what stands in it besides host and port. */
  own(address: OwnAddress): Omit<Endpoint, 'host' | 'port' | 'managementUrl'>;
  /** The endpoint of one that somebody else runs; `path` is that of its url, decoded. */
  adopted(endpoint: Endpoint, url: { text: string; parsed: URL; path: string }, adminKey?: string): Endpoint;
}

/** Any server that qbtc does not know: its address is what its declaration says. */
const other = {
  ports: [{ role: 'main', key: 'port' }],
  schemes: {},
  hasKeyring: false,
  namesDataAfterStack: false,
  own: ({ authority }) => ({ url: `tcp://${authority}` }),
  adopted: (endpoint) => endpoint,
} as const satisfies ResourceFacts;

export const FACTS = {
  rabbitmq,
  redis,
  postgres,
  apisix,
  process: other,
  container: other,
} as const satisfies Record<ResourceKind, ResourceFacts>;

export function factsOf(kind: ResourceKind): ResourceFacts {
  return FACTS[kind];
}

/** The resources of a kind. */
export function resourcesOfKind<R extends Pick<Resource, 'kind'>>(
  { resources }: { resources: readonly R[] },
  kind: ResourceKind,
): R[] {
  return resources.filter((resource) => resource.kind === kind);
}

/** The first resource of a kind; of most there is one. With a name, the one that is called so. */
export function resourceOfKind<R extends Pick<Resource, 'kind' | 'name'>>(
  { resources }: { resources: readonly R[] },
  kind: ResourceKind,
  called?: string,
): R | undefined {
  return resources.find(
    (resource) => resource.kind === kind && (called === undefined || resource.name === called),
  );
}

/** The resource of this name. Throws where the stack declares none: who asks has the name from the stack. */
export function resourceNamed<R extends Pick<Resource, 'name'>>(
  { resources }: { resources: readonly R[] },
  name: string,
): R {
  const found = resources.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`the stack declares no ${name}`);
  return found;
}
