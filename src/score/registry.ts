import type { CheckCode } from '../model/score.ts';
import type { Check } from './check.ts';
import { flowHops } from './checks/flow-hops.ts';
import { healthDetails } from './checks/health-details.ts';
import { logLines } from './checks/log-lines.ts';
import { metrics } from './checks/metrics.ts';
import { resourceActive } from './checks/resource-active.ts';
import { routeAnswers } from './checks/route-answers.ts';
import { routesInSync } from './checks/routes-in-sync.ts';
import { serviceFound } from './checks/service-found.ts';
import { topologyInSync } from './checks/topology-in-sync.ts';

export const CHECKS: Record<CheckCode, Check> = {
  INFRA_RESOURCE_ACTIVE: resourceActive,
  DISCOVERY_SERVICE_FOUND: serviceFound,
  ROUTES_IN_SYNC: routesInSync,
  ROUTES_ANSWER: routeAnswers,
  CONNECTIVITY_HOP: flowHops,
  TOPOLOGY_IN_SYNC: topologyInSync,
  MONITORING_LOG_LINES: logLines,
  MONITORING_HEALTH_DETAILS: healthDetails,
  MONITORING_METRICS: metrics,
};
