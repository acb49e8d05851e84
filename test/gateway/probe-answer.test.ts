import { describe, expect, it } from 'vitest';
import { judgeAnswer } from '../../src/gateway/probe-answer.ts';
import type { ApisixRoute } from '../../src/model/gateway.ts';

// Bodies and headers as a real APISIX 3.14.1 sent them.
const PAGE = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>openresty</center>\r\n<p><em>Powered by <a href="https://apisix.apache.org/">APISIX</a>.</em></p></body>\r\n</html>\r\n`;
const NOT_FOUND = '{"error_msg":"404 Route Not Found"}\n';

const OPEN: ApisixRoute = { uri: '/x' };
const KEYED: ApisixRoute = { uri: '/x', plugins: { 'key-auth': {} } };

const judge = (status: number, body: string, headers: Record<string, string> = {}, route = OPEN) =>
  judgeAnswer({ status, body, headers }, route);

describe('judgeAnswer', () => {
  it.each([
    [200, 'hello upstream'],
    [400, '{"error":{"message":"not JSON"}}'],
    [404, '{"error":"no such thing"}'],
    [405, ''],
    [500, 'boom'],
  ])('counts a %i of the upstream', (status, body) => {
    expect(judge(status, body).answered).toBe(true);
  });

  it('does not count a route that the gateway does not know, and takes it for one that may come', () => {
    expect(judge(404, NOT_FOUND)).toMatchObject({ answered: false, notYet: true });
  });

  it.each([
    [502, PAGE('502 Bad Gateway'), 'no node of the upstream'],
    [504, PAGE('504 Gateway Time-out'), 'did not answer in time'],
  ])('does not count the gateway’s %i, which carries an upstream status too', (status, body, reason) => {
    const judgement = judge(status, body, { 'x-apisix-upstream-status': String(status) });
    expect(judgement.answered).toBe(false);
    expect(judgement.evidence).toContain(reason);
  });

  it('counts a 503 of the upstream itself, and not one of a plugin', () => {
    expect(judge(503, '{"status":"starting"}', { 'x-apisix-upstream-status': '503' }).answered).toBe(true);
    expect(judge(503, 'broken').answered).toBe(false);
    const limited = judge(503, PAGE('503 Service Temporarily Unavailable'), { 'x-ratelimit-remaining': '0' });
    expect(limited.answered).toBe(false);
    expect(limited.evidence).toContain('rate limit');
  });

  it('counts a 401 only where the gateway does not ask for a key', () => {
    expect(judge(401, '{"message":"Missing API key in request"}', {}, KEYED).answered).toBe(false);
    expect(judge(401, '{"error":"log in"}').answered).toBe(true);
  });
});
