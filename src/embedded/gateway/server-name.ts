/** What the gateway calls itself in the Server header, on both ports. */
export const SERVER = 'qbtc-gateway';
