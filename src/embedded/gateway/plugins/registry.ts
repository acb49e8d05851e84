import type { Plugin } from '../plugin.ts';
import { apiBreaker } from './api-breaker.ts';
import { clientControl } from './client-control.ts';
import { cors } from './cors.ts';
import { fileLogger } from './file-logger.ts';
import { ipRestriction } from './ip-restriction.ts';
import { keyAuth } from './key-auth.ts';
import { limitCount } from './limit-count.ts';
import { limitReq } from './limit-req.ts';
import { prometheus } from './prometheus.ts';
import { proxyRewrite } from './proxy-rewrite.ts';
import { quantumEnhancer } from './quantum-enhancer.ts';
import { requestId } from './request-id.ts';
import { responseRewrite } from './response-rewrite.ts';
import { vigoleonrocksSignature } from './vigoleonrocks-signature.ts';

/** A plugin of whatever configuration; it is only ever given one that its own schema has let pass. */
export type AnyPlugin = Plugin<Record<string, unknown>>;

const members: Plugin[] = [
  clientControl,
  requestId,
  ipRestriction,
  cors,
  keyAuth,
  proxyRewrite,
  apiBreaker,
  limitCount,
  limitReq,
  responseRewrite,
  prometheus,
  fileLogger,
  quantumEnhancer,
  vigoleonrocksSignature,
];

/** All plugins by name, those that run first standing first. */
export const PLUGINS: ReadonlyMap<string, AnyPlugin> = new Map(
  members
    .sort((a, b) => b.priority - a.priority)
    .map((plugin) => [plugin.name, plugin as unknown as AnyPlugin]),
);
