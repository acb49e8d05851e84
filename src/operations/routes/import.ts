import { resolve } from 'node:path';
import * as z from 'zod';
import { listed, nearest } from '../../config/mistake.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import { desiredGateway, serviceUpstream } from '../../gateway/index.ts';
import { readSource } from '../../import/read-file.ts';
import { readRoutes } from '../../import/read-routes.ts';
import { planRouteImport } from '../../import/routes.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { IMPORT_FORMATS, type ImportFormat } from '../../model/import.ts';
import type { Stack } from '../../model/stack.ts';
import { imported } from '../imported.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    format: z.enum(IMPORT_FORMATS),
    file: z.string(),
    service: z.string().exactOptional(),
    into: z.string().exactOptional(),
    dryRun: z.boolean().default(false),
  },
  documents: ['imported'],
  locks: ({ dryRun }) => !dryRun,
  async run(context, stack, { format, file, service, into, dryRun }) {
    const routes = await readRoutes(
      format,
      await readSource(context.cwd, file),
      service === undefined ? {} : { upstream: upstreamOfService(stack, format, service) },
    );
    const plan = await planRouteImport(stack, routes, {
      source: file,
      env: context.env,
      cwd: context.cwd,
      ...(into === undefined ? {} : { into: resolve(context.cwd, into) }),
    });
    return imported(plan, { subject: 'routes', stack: stack.name, source: file, dryRun }, async () =>
      desiredGateway(await openStackHere(context, { readOnly: true })),
    );
  },
});

/** Only an OpenAPI document leaves open where its routes lead; the other formats say so themselves. */
function upstreamOfService(stack: Stack, format: ImportFormat, name: string): string {
  const names = stack.services.filter(({ port }) => port !== undefined).map((service) => service.name);
  if (format === 'openapi' && names.includes(name)) return serviceUpstream(stack, { name });
  const near = nearest(name, names);
  const hint =
    near === undefined ? `services that can be routed to: ${listed(names)}` : `did you mean ${near}?`;
  throw new QbtcError(
    'IMPORT_SERVICE',
    format === 'openapi'
      ? `${stack.name} has no service ${name} that listens`
      : `--service is for OpenAPI documents: ${format} says itself where routes lead`,
    { exit: EXIT.usage, ...(format === 'openapi' ? { hint } : {}) },
  );
}
