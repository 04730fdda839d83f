/**
 * The edge put together: every route is given the functions of the rooms that it tells of. Main thread.
 */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { RunningSession } from '../admission/admission.js';
import { isLoopback, shownConfig } from '../config/parse.js';
import type { Config } from '../config/settings.js';
import { createAuth } from '../http/auth.js';
import { controlRoutes, type SessionView } from '../http/control.js';
import { createEdge } from '../http/edge.js';
import { managementRoutes } from '../http/management.js';
import { metricsRoutes } from '../http/metrics.js';
import { createGate } from '../http/origin.js';
import { pageRoutes } from '../http/page.js';
import { createSend } from '../http/send.js';
import { sessionRoutes } from '../http/sessions.js';
import { testRoutes } from '../http/test.js';
import type { Log } from '../log.js';
import type { Finder } from './chromium.js';
import { countRequests } from './requests.js';
import type { Rooms } from './rooms.js';

const KILLED = 'ended by an operator';

export interface EdgeParts {
  readonly config: Config;
  readonly log: Log;
  readonly workers: number;
}

export function buildEdge({ config, log, workers }: EdgeParts, rooms: Rooms, finder: Finder): Server {
  const { core, admission, status, events, clock, versions, paths } = rooms;
  const { record, cellOf } = core;
  const session = { submit: admission.submit, timeoutMs: config.timeoutMs, maxTimeoutMs: config.maxTimeoutMs };
  const bootId = randomUUID().slice(0, 8);
  return createEdge({
    routes: [
      ...managementRoutes({
        pressure: status.pressure,
        notReady: status.notReady,
        config: () => ({ ...shownConfig(config), WORKERS: workers }),
        meta: () => ({ ...versions, chromium: finder.version() }),
      }),
      ...pageRoutes({ isTokenNeeded: config.token !== null, version: versions.headcount, paths }),
      ...controlRoutes({
        sessions: () => admission.sessions().map(viewOf),
        kill: (id) => admission.kill(id, KILLED),
        killAll: () => admission.killAll(KILLED),
      }),
      events.route,
      ...metricsRoutes({ ...core.views, takeSnapshot: core.takeSnapshot, bootId, nowEpochMs: clock.epochMs }),
      ...sessionRoutes({
        ...session,
        maxPayloadBytes: config.maxPayloadBytes,
        isGetEnabled: config.enableApiGet,
        onIgnored: once((name) => log.warn({ name }, 'this query parameter has no effect here')),
      }),
      ...(config.testSessions ? testRoutes(session) : []),
    ],
    auth: createAuth({ token: config.token, count: () => record(cellOf('headcount_unauthorized_total'), 1) }),
    gate: createGate({
      isOnLoopback: isLoopback(config.host),
      isLoopback,
      proxyUrl: config.proxyUrl,
      isCorsEnabled: config.enableCors,
    }),
    send: createSend(),
    clock,
    onAnswered: countRequests(record, cellOf, paths),
    onError: (error) => log.error({ err: error }, 'bug in a handler'),
  });
}

function viewOf({ job, worker, state, startedAtEpochMs, ageMs }: RunningSession): SessionView {
  const { id, trackingId, remoteAddress } = job;
  return { id, kind: job.spec.kind, trackingId, worker, state, startedAt: startedAtEpochMs, ageMs, remoteAddress };
}

function once(say: (name: string) => void): (name: string) => void {
  const said = new Set<string>();
  return (name) => {
    if (said.has(name)) return;
    said.add(name);
    say(name);
  };
}
