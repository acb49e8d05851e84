/** Our own limits refused the request before it was sent. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}
