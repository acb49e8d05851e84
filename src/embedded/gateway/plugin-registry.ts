import type { Plugin } from '../plugin.ts';
import { apiBreaker } from './api-breaker.ts';
import { basicAuth } from './basic-auth.ts';
import { clientControl } from './client-control.ts';
import { consumerRestriction } from './consumer-restriction.ts';
import { cors } from './cors.ts';
import { csrf } from './csrf.ts';
import { faultInjection } from './fault-injection.ts';
import { fileLogger } from './file-logger.ts';
import { forwardAuth } from './forward-auth.ts';
import { gzip } from './gzip.ts';
import { hmacAuth } from './hmac-auth.ts';
import { httpLogger } from './http-logger.ts';
import { ipRestriction } from './ip-restriction.ts';
import { jwtAuth } from './jwt-auth.ts';
import { keyAuth } from './key-auth.ts';
import { limitConn } from './limit-conn.ts';
import { limitCount } from './limit-count.ts';
import { limitReq } from './limit-req.ts';
import { mocking } from './mocking.ts';
import { multiAuth } from './multi-auth.ts';
import { openTelemetry } from './opentelemetry.ts';
import { prometheus } from './prometheus.ts';
import { proxyCache } from './proxy-cache.ts';
import { proxyMirror } from './proxy-mirror.ts';
import { proxyRewrite } from './proxy-rewrite.ts';
import { publicApi } from './public-api.ts';
import { quantumEnhancer } from './quantum-enhancer.ts';
import { realIp } from './real-ip.ts';
import { redirect } from './redirect.ts';
import { refererRestriction } from './referer-restriction.ts';
import { requestId } from './request-id.ts';
import { requestValidation } from './request-validation.ts';
import { responseRewrite } from './response-rewrite.ts';
import { trafficSplit } from './traffic-split.ts';
import { uaRestriction } from './ua-restriction.ts';
import { uriBlocker } from './uri-blocker.ts';
import { vigoleonrocksSignature } from './vigoleonrocks-signature.ts';

/** A plugin of whatever configuration; it is only ever given one that its own schema has let pass. */
export type AnyPlugin = Plugin<Record<string, unknown>>;

const members: Plugin[] = [
  realIp,
  clientControl,
  requestId,
  openTelemetry,
  faultInjection,
  mocking,
  cors,
  ipRestriction,
  uaRestriction,
  refererRestriction,
  csrf,
  uriBlocker,
  requestValidation,
  multiAuth((name) => PLUGINS.get(name)),
  hmacAuth,
  basicAuth,
  jwtAuth,
  keyAuth,
  consumerRestriction,
  forwardAuth,
  proxyCache,
  proxyMirror,
  proxyRewrite,
  apiBreaker,
  limitConn,
  limitCount,
  limitReq,
  gzip,
  trafficSplit,
  redirect,
  responseRewrite,
  publicApi,
  prometheus,
  httpLogger,
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
