import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';

/** Takes a content coding away. Rejects for what is not of it, and for more than `most` bytes. */
export type Decoder = (body: Buffer, most: number) => Promise<Buffer>;

const [unzipped, unbrotlied] = [promisify(gunzip), promisify(brotliDecompress)];

/** Those that APISIX knows: apisix/utils/content-decode.lua. */
const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', (body: Buffer, most: number) => unzipped(body, { maxOutputLength: most })],
  ['br', (body: Buffer, most: number) => unbrotlied(body, { maxOutputLength: most })],
]);

/** Gives the decoder for a `Content-Encoding`; `undefined` for one that nobody here can decode. */
export function decoderOf(coding: string): Decoder | undefined {
  return DECODERS.get(coding.trim().toLowerCase());
}
