import { kindOfScheme } from '../images.ts';
import { isPlainBroker } from './brokers.ts';
import type { Draft, DraftService } from './draft.ts';
import type { Part } from './parts.ts';
import { type Address, addressOf, LOCAL } from './references.ts';
import type { Surroundings } from './surroundings.ts';

type Told = Pick<Draft, 'obstacles'>;

/** What has to be done before its program can run. */
export function tellProgram({ program }: Part, service: DraftService, { obstacles }: Told): void {
  const at = program?.at ?? service.name.at;
  const of = service.name.value;
  if (program?.install?.missing)
    obstacles.push({
      code: 'not-installed',
      at,
      of,
      found: 'its packages are not installed',
      fix: program.install.command,
    });
  if (program?.build !== undefined)
    obstacles.push({
      code: 'not-built',
      at,
      of,
      found: `${program.build.makes} is not there`,
      fix: program.build.command ?? 'build it: package.json has no script "build"',
    });
}

/** Addresses that the code does not let anybody choose. */
export function tellAddresses(
  { hints }: Part,
  name: string,
  around: Surroundings,
  { obstacles }: Told,
): void {
  // These are the affair of `keepBrokers`.
  const brokers = new Set(
    [...around.resources.values()].flatMap(({ kind, name: own }) => (kind === 'rabbitmq' ? [own] : [])),
  );
  const hasBroker = brokers.size === 1;
  for (const hint of hints) {
    if (hint.kind !== 'address' || (hasBroker && isPlainBroker(hint.url))) continue;
    const there = addressOf(hint.url);
    const isServer = there !== undefined && !/^https?$/.test(there.scheme);
    if (!isServer && !isNeighbour(there?.host ?? hint.url, there?.port, name, around)) continue;
    const port = there?.port === undefined ? '' : `:${there.port}`;
    const found =
      there === undefined ? (hint.url.split('://')[0] ?? '') : `${there.scheme}://${there.host}${port}`;
    obstacles.push({
      code: 'address-in-code',
      at: hint.at,
      of: name,
      found,
      fix: `read it from a variable, and give the variable in env${referenceTo(there, hint.url, around)}`,
    });
  }
}

/** Whether a name or an address is that of another part of the stack. */
function isNeighbour(host: string, port: string | undefined, name: string, around: Surroundings): boolean {
  const other = [...around.services].find(
    ([written, { outside, inside, port: own }]) =>
      written === host ||
      (LOCAL.test(host) && port !== undefined && [outside, inside, own].includes(Number(port))),
  );
  if (other !== undefined) return other[1].name !== name;
  return around.resources.has(host) || around.leftOut.has(host);
}

/** What leads to the part that stands in the code; nothing where no part of the stack does. */
function referenceTo(
  there: Address | undefined,
  written: string,
  { resources, services }: Surroundings,
): string {
  const host = there?.host ?? written;
  const kind = there && kindOfScheme(there.scheme);
  const resource = resources.get(host) ?? [...resources.values()].find((each) => each.kind === kind);
  const service = services.get(host);
  if (resource === undefined && service === undefined) return '';
  const part = there === undefined ? 'host' : 'url';
  return `: \${${resource === undefined ? `services.${service?.name}` : `resources.${resource.name}`}.${part}}`;
}
