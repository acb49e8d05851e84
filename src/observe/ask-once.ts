import type { Http } from '../context.ts';

/**
 * Asks each of the given addresses once: whoever asks for it with GET gets the same answer, or the same failure. So the
 * parts of one snapshot cannot contradict one another, and a service is asked once for it. It has `timeoutMs` to answer,
 * whoever asks first.
 */
export function askOnce(http: Http, urls: Iterable<string>, timeoutMs: number): Http {
  const shared = new Set(urls);
  const asked = new Map<string, ReturnType<Http>>();
  return (url, request) => {
    if (!shared.has(url) || (request.method ?? 'GET') !== 'GET') return http(url, request);
    const answer = asked.get(url) ?? http(url, { ...request, timeoutMs });
    asked.set(url, answer);
    return answer;
  };
}
