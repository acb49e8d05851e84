import type { Rotate } from '../rotation.ts';

/** `PUT /api/users/NAME` of the management API, which replaces the user: its tags are kept. Open connections go on. */
export const rotateRabbitmq: Rotate = async (context, endpoint, password) => {
  const { managementUrl, user = '', password: old = '' } = endpoint;
  const url = `${managementUrl}/api/users/${encodeURIComponent(user)}`;
  const authorization = `Basic ${Buffer.from(`${user}:${old}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const before = await context.http(url, { headers, timeoutMs: 10_000 });
  if (before.status !== 200)
    throw new Error(`the management API answers ${before.status} to a question for its user`);
  const { tags } = JSON.parse(before.body) as { tags: string[] | string };
  const body = JSON.stringify({ password, tags: Array.isArray(tags) ? tags.join(',') : tags });
  const { status } = await context.http(url, { method: 'PUT', headers, body, timeoutMs: 10_000 });
  if (status >= 300) throw new Error(`the management API answers ${status} to a new password`);
};
