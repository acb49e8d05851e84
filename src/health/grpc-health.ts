import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { messageOf } from '../errors.ts';

// The health protocol of gRPC (grpc/grpc, doc/health-checking.md) over HTTP/2 (doc/PROTOCOL-HTTP2.md). One request with one
// text, and one answer with one number: a client of gRPC would be a hundred times as large.

const METHOD = '/grpc.health.v1.Health/Check';
/** `HealthCheckResponse.ServingStatus` */
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** The codes of gRPC, as far as a health check is answered with them. */
const CODES: Record<string, string> = {
  '2': 'UNKNOWN',
  '5': 'NOT_FOUND',
  '7': 'PERMISSION_DENIED',
  '12': 'UNIMPLEMENTED',
  '13': 'INTERNAL',
  '14': 'UNAVAILABLE',
  '16': 'UNAUTHENTICATED',
};
/** An answer has three bytes of a message; a server that speaks something else may send anything. */
const MAX_BYTES = 65_536;

export type GrpcHealth =
  | { kind: 'serving' }
  | { kind: 'status'; status: string }
  /** It speaks gRPC and gives no health: `code` is its word for why. */
  | { kind: 'refused'; code: string; message: string }
  /** Nothing answers, or nothing that speaks gRPC. */
  | { kind: 'silent'; reason: string };

/** Asks once. Never rejects. */
export function askGrpcHealth(url: string, service: string, timeoutMs: number): Promise<GrpcHealth> {
  return new Promise((resolve) => {
    let session: ClientHttp2Session | undefined;
    const end = (answer: GrpcHealth) => {
      clearTimeout(timer);
      session?.destroy();
      resolve(answer);
    };
    const silent = (reason: string) => end({ kind: 'silent', reason });
    const timer = setTimeout(
      () => silent(`${url} gives no health over gRPC within ${timeoutMs} ms`),
      timeoutMs,
    );
    try {
      session = connect(url);
    } catch (error) {
      silent(messageOf(error));
      return;
    }
    session.on('error', (error) => silent(messageOf(error)));
    session.on('close', () => silent(`${url} closed the connection`));
    const request = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: METHOD,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let fields: Record<string, unknown> = {};
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('response', (headers) => {
      fields = { ...headers };
    });
    request.on('trailers', (trailers) => {
      fields = { ...fields, ...trailers };
    });
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BYTES) silent(`${url} answers with more than a health check`);
      else chunks.push(chunk);
    });
    // That the stream was cancelled says less than what has ended its connection.
    request.on('error', (error) => silent(messageOf(error.cause ?? error)));
    request.on('end', () => end(answerOf(url, fields, Buffer.concat(chunks))));
    request.end(requestOf(service));
  });
}

/** A frame of gRPC with `HealthCheckRequest { string service = 1; }`. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function answerOf(url: string, fields: Record<string, unknown>, body: Buffer): GrpcHealth {
  const status = fields[':status'];
  const code = fields['grpc-status'];
  if (code === undefined)
    return { kind: 'silent', reason: `${url} answers ${status} and does not speak gRPC` };
  if (code !== '0') {
    const message = fields['grpc-message'];
    return {
      kind: 'refused',
      code: CODES[String(code)] ?? `code ${code}`,
      message: typeof message === 'string' ? decoded(message) : '',
    };
  }
  const found = servingStatus(body);
  return found === 'SERVING' ? { kind: 'serving' } : { kind: 'status', status: found };
}

/** Of a frame with `HealthCheckResponse { ServingStatus status = 1; }`; what is left out is 0, as everywhere in protobuf. */
export function servingStatus(frame: Buffer): string {
  if (frame.length < 5 || frame[0] !== 0) return 'UNREADABLE';
  const message = frame.subarray(5, 5 + frame.readUInt32BE(1));
  if (message.length === 0) return STATUSES[0] ?? '';
  // A field that is not the first is none of what a health check holds.
  const number = message[0] === 0x08 ? message[1] : undefined;
  return (number === undefined ? undefined : STATUSES[number]) ?? 'UNREADABLE';
}

/** Percent-encoded, as gRPC sends what is no plain text. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
