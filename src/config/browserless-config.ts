/**
 * What `/config` shows by browserless's names, v1 and v2: the effective settings, and what always holds here. Their
 * keys that mean nothing here are left out. Pure.
 */
import type { Config } from './settings.js';

type Show = (config: Config) => unknown;

const never: Show = () => false;
const nowhere: Show = () => null;
const concurrent: Show = (config) => config.concurrent;
const queued: Show = ({ queueLength }) => queueLength;
/** No limit is shown as -1, which is how users set it. */
const timeout: Show = ({ timeoutMs }) => timeoutMs ?? -1;
const enableCors: Show = (config) => config.enableCors;
const enableApiGet: Show = (config) => config.enableApiGet;

const KEYS: Readonly<Record<string, Show>> = {
  allowCORS: enableCors,
  allowFileProtocol: never,
  allowGetCalls: enableApiGet,
  concurrent,
  connectionTimeout: timeout,
  disabledFeatures: ({ disabledFeatures }) => disabledFeatures,
  enableAPIGet: enableApiGet,
  enableCors,
  errorAlertURL: nowhere,
  exitOnHealthFailure: never,
  healthFailureURL: nowhere,
  host: ({ host }) => host,
  keepAlive: never,
  maxCPU: ({ maxCpuPercent }) => maxCpuPercent,
  maxConcurrentSessions: concurrent,
  maxMemory: ({ maxMemoryPercent }) => maxMemoryPercent,
  maxQueueLength: queued,
  metricsJSONPath: ({ metricsFile }) => metricsFile,
  port: ({ port }) => port,
  prebootChrome: () => true,
  queued,
  queuedAlertURL: nowhere,
  rejectAlertURL: nowhere,
  sessionCheckFailURL: nowhere,
  singleRun: never,
  timeout,
  timeoutAlertURL: nowhere,
  token: ({ token }) => (token === null ? null : '***'),
};

export function browserlessConfig(config: Config): Record<string, unknown> {
  return Object.fromEntries(Object.entries(KEYS).map(([key, show]) => [key, show(config)]));
}
