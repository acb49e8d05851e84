import type { EvictionPolicy } from './cache.ts';
import type { Readiness } from './readiness.ts';
import type { StopSignal } from './stack.ts';

/**
 * What a resource is: one that qbtc knows, named by the protocol that its clients speak, or any other server, named by how it
 * is run.
 */
export const RESOURCE_KINDS = ['rabbitmq', 'redis', 'postgres', 'apisix', 'process', 'container'] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** Who provides a resource on this machine. */
export const PROVIDER_NAMES = ['embedded', 'external', 'docker', 'native'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

export const STRATEGIES = ['full_docker', 'hybrid', 'fallback'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/**
 * How a gateway is told its routes: object by object through the Admin API (etcd behind it), the whole configuration
 * through the Admin API of a standalone APISIX, or the file that a standalone APISIX reads.
 */
export const GATEWAY_MODES = ['traditional', 'standalone-api', 'standalone-file'] as const;
export type GatewayMode = (typeof GATEWAY_MODES)[number];

/**
 * Where a resource of the stack is reached and with which credentials. All ports carry the port base already.
 * `url` and `managementUrl` hold the credentials (`amqp://user:secret@127.0.0.1:5672/vhost`): never print them.
 */
export interface Endpoint {
  url: string;
  host: string;
  port: number;
  user?: string;
  password?: string;
  /** rabbitmq: the vhost of this stack. */
  vhost?: string;
  /** postgres: the database of this stack. */
  database?: string;
  /** postgres: the databases of this stack, where it has several. */
  databases?: readonly string[];
  /** rabbitmq: the management HTTP API. apisix: the Admin API. No credentials in it. */
  managementUrl?: string;
  /** apisix: the key of the Admin API. */
  adminKey?: string;
}

/** A server that qbtc knows nothing of but what is declared: how it is run, and how it shows that it is ready. */
export interface OtherServer {
  health: Readiness;
  /** Names of resources that must be ready first. */
  dependsOn: readonly string[];
  env: Readonly<Record<string, string>>;
  stopSignal: StopSignal;
  stopTimeoutMs: number;
  /** Absolute: where its command and those of its readiness run. */
  path: string;
  /** A program and its arguments; of a container what its image says when left out. */
  command?: readonly string[];
  /** container: what it is made of. */
  container?: {
    image: string;
    entrypoint?: readonly string[];
    /** As compose writes them; paths of this machine are absolute. */
    volumes: readonly string[];
    /** The ports inside of it, by role. */
    ports: Readonly<Record<string, number>>;
  };
}

/** An infrastructure resource as `qbtc.yaml` declares it, after defaults. */
export interface Resource {
  name: string;
  kind: ResourceKind;
  /** Forced by `qbtc.yaml`; otherwise the strategy chooses. */
  provider?: ProviderName;
  /** The ports that it listens on when we run it, by role: `{main: 5672, management: 15672}`. */
  ports: Record<string, number>;
  endpoint: Endpoint;
  /** The secret that is its password or key; none where that comes from elsewhere. */
  secret?: string;
  /** postgres: the folders with the migrations, absolute. */
  migrations?: readonly string[];
  /** Programs that bring its data up to date, run one after the other when it is ready. */
  migrate?: readonly (readonly string[])[];
  /** apisix: `traditional` when left out. */
  mode?: GatewayMode;
  /** apisix, where it is embedded: how many processes serve requests. */
  workers?: number | 'auto';
  /** redis, where qbtc runs it: what keys and values may take, 0 for no bound, and what goes when that is reached. */
  maxMemoryBytes?: number;
  eviction?: EvictionPolicy;
  /** process, container: what is run. */
  server?: OtherServer;
  /** apisix in the mode `standalone-file`: the file that it reads, absolute. */
  standaloneFile?: string;
}
