import type { Service } from '../model/stack.ts';

type Reached = Pick<Service, 'url' | 'port' | 'ports' | 'replicas'>;

/** An instance of a service as it is reached from this machine. */
export interface ServiceNode {
  /** Without a path: `http://127.0.0.1:8000`. */
  url: string;
  host: string;
  port: number;
}

/** Where the instances of a service are reached from this machine, one each; none where it listens nowhere. */
export function nodesOf({ url, port, replicas }: Omit<Reached, 'ports'>): ServiceNode[] {
  if (url !== undefined) return [nodeAt(url)];
  if (port === undefined) return [];
  return Array.from({ length: replicas }, (_, index) => nodeAt(`http://127.0.0.1:${port + index}`));
}

function nodeAt(url: string): ServiceNode {
  const { protocol, hostname, port } = new URL(url);
  return {
    url,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port !== '' ? Number(port) : protocol === 'https:' ? 443 : 80,
  };
}

/** Every port that one instance of a service listens on. */
export function portsOfInstance({ port, ports }: Pick<Reached, 'ports'> & { port: number | undefined }) {
  return [...(port === undefined ? [] : [port]), ...Object.values(ports)];
}
