import { compileEventTypes } from '@stack/runtime/events';

/** The event of the test: it only has to come through. */
export const delivered = compileEventTypes({
  delivered: {
    $id: 'urn:qbtc:event:delivered:1',
    type: 'object',
    required: ['n'],
    properties: { n: { type: 'integer' }, poison: { type: 'boolean' } },
  },
})<{ n: number; poison?: boolean }>('delivered');
