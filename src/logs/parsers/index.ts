import type { LogParser } from '../parser.ts';
import { access } from './access.ts';
import { bunyan } from './bunyan.ts';
import { ecs } from './ecs.ts';
import { gunicorn } from './gunicorn.ts';
import { json } from './json.ts';
import { klog } from './klog.ts';
import { logfmt } from './logfmt.ts';
import { logrus } from './logrus.ts';
import { loguru } from './loguru.ts';
import { nest } from './nest.ts';
import { nestJson } from './nest-json.ts';
import { pino } from './pino.ts';
import { postgres } from './postgres.ts';
import { python } from './python.ts';
import { pythonBasic } from './python-basic.ts';
import { pythonJsonLogger } from './python-json-logger.ts';
import { qbtc } from './qbtc.ts';
import { rabbitmq } from './rabbitmq.ts';
import { redis } from './redis.ts';
import { serilog } from './serilog.ts';
import { spring } from './spring.ts';
import { structlog } from './structlog.ts';
import { timed } from './timed.ts';
import { uvicorn } from './uvicorn.ts';
import { winston } from './winston.ts';
import { winstonSimple } from './winston-simple.ts';
import { zap } from './zap.ts';

/** All forms of log lines, the particular before the general. */
export const PARSERS: readonly LogParser[] = [
  qbtc,
  bunyan,
  pino,
  ecs,
  serilog,
  zap,
  logrus,
  nestJson,
  structlog,
  pythonJsonLogger,
  winston,
  postgres,
  rabbitmq,
  redis,
  access,
  nest,
  klog,
  gunicorn,
  uvicorn,
  python,
  loguru,
  spring,
  logfmt,
  pythonBasic,
  winstonSimple,
  json,
  timed,
];
