/** Fields that concern one connection only and are never passed on (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The fields to leave out: those above and what `Connection` names. */
export function connectionFields(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || /^\s*(keep-alive|close)?\s*$/i.test(connection)) return HOP_BY_HOP;
  const named = connection.split(',').map((name) => name.trim().toLowerCase());
  return new Set([...HOP_BY_HOP, ...named]);
}
