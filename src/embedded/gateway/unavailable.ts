/**
 * The one sentence that refuses what APISIX has and this gateway cannot carry out. It is said when something is
 * configured, never at a request.
 *
 * @param what names it: `plugin "x"`, `property "y"`
 */
export function unavailable(what: string): string {
  return `${what} is not available in this gateway; APISIX has it (provider docker, or external for one that is installed)`;
}

/** What is written in Lua and run by APISIX. */
export function unavailableLua(property: string): string {
  return unavailable(`property "${property}", which is Lua,`);
}

/** The kinds of resources of APISIX's Admin API that this gateway lacks, and how a sentence names them. */
export const UNAVAILABLE_RESOURCES: ReadonlyMap<string, string> = new Map([
  ['secrets', 'the secret manager behind /secrets'],
  ['protos', 'the gRPC transcoding behind /protos'],
  ['stream_routes', 'a stream route'],
]);
