import type { Stack } from '../model/stack.ts';

/**
 * What every service is told besides its own variables, which win: the stack's name, and where its spans go. The service
 * that keeps the spans has nowhere to send its own.
 *
 * @param hostOf where services reach each other: this machine's loopback, or their names in the compose network
 */
export function commonEnvironment(
  stack: Stack,
  service: string,
  hostOf: (service: string) => string,
): Record<string, string> {
  const store = stack.services.find(({ name }) => name === stack.tracing?.service);
  return {
    STACK_NAME: stack.name,
    ...(store === undefined || store.name === service
      ? {}
      : { TRACE_STORE_URL: store.url ?? `http://${hostOf(store.name)}:${store.port}` }),
  };
}
