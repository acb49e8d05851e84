import type { Rule } from './rule.ts';

// How a service is reached: at a port of its own, where it runs already, or not at all.

/** Fields that mean something only where qbtc runs the service. */
const OF_OURS = [
  'entry',
  'command',
  'migrate',
  'port',
  'ports',
  'replicas',
  'env',
  'env_file',
  'stop_signal',
  'stop_timeout',
] as const;

export const programIsClear: Rule = ({ services }, report) => {
  for (const [name, { url, entry, command }] of Object.entries(services)) {
    const path = ['services', name];
    if (url !== undefined) continue;
    if (entry !== undefined && command !== undefined) {
      report([...path, 'command'], 'both entry and command', 'one of them', { key: true });
    } else if (entry === undefined && command === undefined) {
      report(path, 'neither entry nor command', 'one of them, or url for one that runs already', {
        key: true,
      });
    }
  }
};

export const adoptedIsLeftAlone: Rule = ({ services }, report) => {
  for (const [name, service] of Object.entries(services)) {
    const { url } = service;
    if (url === undefined) continue;
    const path = ['services', name];
    const problem = urlProblem(url);
    if (problem !== undefined) report([...path, 'url'], problem, 'such as http://127.0.0.1:8000');
    for (const field of OF_OURS) {
      if (service[field] === undefined) continue;
      report([...path, field], `${field} beside url`, 'one of them: what runs already is not run by qbtc', {
        key: true,
      });
    }
  }
};

/** What is wrong with the address of an adopted service, without repeating it. */
function urlProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return 'something that is no URL';
  const { protocol, username, password, pathname, search, hash } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return `a URL that starts with ${protocol}`;
  if (username !== '' || password !== '') return 'a URL with credentials';
  return pathname === '/' && search === '' && hash === '' ? undefined : 'a URL with a path';
}

/** What only something that listens has. */
export const workersHaveNoDoor: Rule = ({ services, tracing }, report) => {
  for (const [name, { port, url, routes = [], metrics }] of Object.entries(services)) {
    if (port !== undefined || url !== undefined) continue;
    const path = ['services', name];
    const expected = '"port" of the service, too';
    if (routes.length > 0) report([...path, 'routes'], 'routes without a port', expected, { key: true });
    if (metrics !== undefined && metrics !== false)
      report([...path, 'metrics'], 'metrics without a port', expected, { key: true });
    if (tracing?.service === name)
      report(['tracing', 'service'], `"${name}", which has no port`, 'a service with a port');
  }
};
