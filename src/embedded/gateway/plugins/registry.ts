import type { Plugin } from '../plugin.ts';
import { cors } from './cors.ts';
import { keyAuth } from './key-auth.ts';
import { limitCount } from './limit-count.ts';
import { prometheus } from './prometheus.ts';
import { proxyRewrite } from './proxy-rewrite.ts';
import { quantumEnhancer } from './quantum-enhancer.ts';
import { requestId } from './request-id.ts';
import { responseRewrite } from './response-rewrite.ts';

/** A plugin of whatever configuration; it is only ever given one that its own schema has let pass. */
export type AnyPlugin = Plugin<Record<string, unknown>>;

const members: Plugin[] = [
  requestId,
  cors,
  keyAuth,
  proxyRewrite,
  limitCount,
  responseRewrite,
  prometheus,
  quantumEnhancer,
];

/** All plugins by name, those that run first standing first. */
export const PLUGINS: ReadonlyMap<string, AnyPlugin> = new Map(
  members
    .sort((a, b) => b.priority - a.priority)
    .map((plugin) => [plugin.name, plugin as unknown as AnyPlugin]),
);
