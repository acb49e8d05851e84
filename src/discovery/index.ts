export { announce, announceable, announcementsOf, isAnnounced } from './announce.ts';
export { readAnnounced, writeAnnounced } from './announced-file.ts';
export { discoverServices } from './declared.ts';
export { type DiscoverOptions, discover } from './discover.ts';
export { isContained } from './instance-id.ts';
export { including, registrationsOf, withoutStopped } from './registration.ts';
export { watchServices } from './watch/index.ts';
