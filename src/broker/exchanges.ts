/** The exchanges that the runtime of the services speaks to, besides the one that they publish to. */
export const REPLY_EXCHANGE = 'responses_exchange';
export const DEAD_LETTER_EXCHANGE = 'qbtc.dead-letter';
/** Where what failed waits before it comes back to its queue. */
export const RETRY_EXCHANGE = 'qbtc.retry';
/** Keeps the announcements of services for those who look later; nobody consumes it. */
export const DISCOVERY_QUEUE = 'q_discovery';
