import { QbtcError } from '../errors.ts';

const ABOUT_THE_GATEWAY = new Set([
  'GATEWAY_UNREACHABLE',
  'GATEWAY_KEY_REFUSED',
  'GATEWAY_NOT_APISIX',
  'GATEWAY_STORE_AWAY',
]);

/** True when the error is about the gateway as a whole: every further request would end the same way. */
export function isAboutTheGateway(error: unknown): boolean {
  return error instanceof QbtcError && ABOUT_THE_GATEWAY.has(error.code);
}
