import type { SourceName } from '../model/discovery.ts';
import type { Source } from './source.ts';
import { bus } from './sources/bus.ts';
import { docker } from './sources/docker.ts';
import { ports } from './sources/ports.ts';
import { processes } from './sources/processes.ts';
import { rabbitmq } from './sources/rabbitmq.ts';
import { registry } from './sources/registry.ts';
import { stack } from './sources/stack.ts';

export const SOURCES: Record<SourceName, Source> = {
  stack,
  docker,
  ports,
  processes,
  rabbitmq,
  bus,
  registry,
};
