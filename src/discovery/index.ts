export {
  announce,
  announceable,
  announcementsOf,
  readAnnounced,
  writeAnnounced,
} from './announce.ts';
export { ANNOUNCER } from './announcements.ts';
export { discoverServices } from './declared.ts';
export { type DiscoverOptions, discover, MAX_PORT } from './discover.ts';
export { including, registrationsOf, withoutStopped } from './registration.ts';
export type { DiscoveryContext } from './source.ts';
export { watchServices } from './watch/index.ts';
