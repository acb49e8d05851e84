import type { Plugin } from './plugin.ts';
import { apiBreaker } from './plugins/api-breaker.ts';
import { basicAuth } from './plugins/basic-auth.ts';
import { clientControl } from './plugins/client-control.ts';
import { consumerRestriction } from './plugins/consumer-restriction.ts';
import { cors } from './plugins/cors.ts';
import { csrf } from './plugins/csrf.ts';
import { faultInjection } from './plugins/fault-injection.ts';
import { fileLogger } from './plugins/file-logger.ts';
import { forwardAuth } from './plugins/forward-auth.ts';
import { gzip } from './plugins/gzip.ts';
import { hmacAuth } from './plugins/hmac-auth.ts';
import { httpLogger } from './plugins/http-logger.ts';
import { ipRestriction } from './plugins/ip-restriction.ts';
import { jwtAuth } from './plugins/jwt-auth.ts';
import { keyAuth } from './plugins/key-auth.ts';
import { limitConn } from './plugins/limit-conn.ts';
import { limitCount } from './plugins/limit-count.ts';
import { limitReq } from './plugins/limit-req.ts';
import { mocking } from './plugins/mocking.ts';
import { multiAuth } from './plugins/multi-auth.ts';
import { openTelemetry } from './plugins/opentelemetry.ts';
import { prometheus } from './plugins/prometheus.ts';
import { proxyCache } from './plugins/proxy-cache.ts';
import { proxyMirror } from './plugins/proxy-mirror.ts';
import { proxyRewrite } from './plugins/proxy-rewrite.ts';
import { publicApi } from './plugins/public-api.ts';
import { quantumEnhancer } from './plugins/quantum-enhancer.ts';
import { realIp } from './plugins/real-ip.ts';
import { redirect } from './plugins/redirect.ts';
import { refererRestriction } from './plugins/referer-restriction.ts';
import { requestId } from './plugins/request-id.ts';
import { requestValidation } from './plugins/request-validation.ts';
import { responseRewrite } from './plugins/response-rewrite.ts';
import { trafficSplit } from './plugins/traffic-split.ts';
import { uaRestriction } from './plugins/ua-restriction.ts';
import { uriBlocker } from './plugins/uri-blocker.ts';
import { vigoleonrocksSignature } from './plugins/vigoleonrocks-signature.ts';

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
