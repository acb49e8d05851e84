import type { Sighting, Source } from '../source.ts';

/** Sockets that listen, from the system's own table, with the process behind each where we may see it. */
export const ports: Source = {
  absent: async () => undefined,
  async sightings({ host }) {
    const sockets = await host.listeningSockets();
    return sockets.map(({ host: address, port, pid, program }): Sighting => {
      const holder =
        pid === undefined
          ? 'held by a process that this account may not see'
          : `held by ${program ?? 'a process'} (pid ${pid})`;
      const sighting = { source: 'ports', host: address, port, found: `port ${port} listens, ${holder}` };
      return pid === undefined ? sighting : { ...sighting, pid };
    });
  },
};
