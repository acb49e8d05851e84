import { ApiError, from } from '@stack/runtime/api-errors';
import type { HealthAggregator } from '@stack/runtime/health-aggregator';
import { type Registry, statisticsOf } from '@stack/runtime/registry';
import type { FastifyInstance } from 'fastify';
import { eventStatistics } from '../event-statistics.ts';
import { answers, parameters } from '../schemas.ts';

/** An answer about health is at most this old, in milliseconds. */
const FRESH_MS = 1000;

/** What is registered, and how it does. */
export function registerServices(
  http: FastifyInstance,
  { registry, aggregator }: { registry: Registry; aggregator: HealthAggregator },
): void {
  http.get(
    '/api/services',
    {
      schema: {
        tags: ['services'],
        summary: 'All services with their instances',
        response: { 200: answers.services },
      },
    },
    async ({ span }) => {
      const services = await from('registry', registry.services(span));
      return { services, statistics: statisticsOf(services) };
    },
  );
  http.get<{ Params: { name: string } }>(
    '/api/services/:name',
    {
      schema: {
        tags: ['services'],
        summary: 'One service with its instances and its health',
        params: parameters.service,
        response: { 200: answers.service, 404: answers.error },
      },
    },
    async ({ params: { name }, span }) => {
      const services = await from('registry', registry.services(span));
      const service = services.find((each) => each.name === name);
      if (service === undefined) {
        const known = services.map((each) => each.name).join(', ');
        throw new ApiError(404, 'service_not_found', `there is no service ${name}; there are: ${known}`);
      }
      const { services: judged } = await from('registry', aggregator.report(FRESH_MS));
      const health = judged.find((each) => each.name === name);
      return { ...service, ...(health === undefined ? {} : { health }) };
    },
  );

  http.get(
    '/api/health/aggregated',
    {
      schema: {
        tags: ['health'],
        summary: 'How the stack does, and why',
        response: { 200: answers.aggregated },
      },
    },
    async () => {
      const { services, ...report } = await from('registry', aggregator.report(FRESH_MS));
      return {
        ...report,
        services: Object.fromEntries(
          services.map(({ name, status, instances, reasons }) => [
            name,
            { status, instances: instances.length, reasons },
          ]),
        ),
        statistics: aggregator.statistics(),
      };
    },
  );
  http.get(
    '/api/health/services',
    {
      schema: {
        tags: ['health'],
        summary: 'What each instance answered',
        response: { 200: answers.healthServices },
      },
    },
    async () => {
      const { checked_at, services } = await from('registry', aggregator.report(FRESH_MS));
      return { checked_at, services };
    },
  );

  http.get(
    '/api/events/stats',
    {
      schema: {
        tags: ['events'],
        summary: 'What was published and processed on the bus',
        response: { 200: answers.eventStats },
      },
    },
    async ({ span }) => eventStatistics(await from('registry', registry.list(span))),
  );
}
