/**
 * The edge, put together: every route gets the functions of the rooms that it needs. Main thread.
 */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { hostname } from 'node:os';
import type { PresentSession } from '../admission/admission.js';
import type { Clock } from '../clock.js';
import { disabledRoutes } from '../config/browserless.js';
import { browserlessConfig } from '../config/browserless-config.js';
import { isLoopback, shownConfig } from '../config/parse.js';
import type { Config } from '../config/settings.js';
import { createAuth } from '../http/auth.js';
import { cdpAcceptors } from '../http/cdp.js';
import { createClientOf } from '../http/client-address.js';
import { controlHandlers, type SessionView } from '../http/control.js';
import { createEdge } from '../http/edge.js';
import { type Handlers, listOf, ROUTES, routesOf, UPGRADES, upgradesOf } from '../http/interface.js';
import { managementHandlers } from '../http/management.js';
import { metricsHandlers } from '../http/metrics.js';
import { type Cors, createGate } from '../http/origin.js';
import { pageHandlers } from '../http/page.js';
import { createSend } from '../http/send.js';
import { sessionHandlers } from '../http/sessions.js';
import { testHandlers } from '../http/test.js';
import { versionHandlers } from '../http/version.js';
import type { Log } from '../log.js';
import type { ClientStanding } from '../protocol/cdp.js';
import type { Finder } from './chromium.js';
import { countRequests } from './requests.js';
import type { Rooms } from './rooms.js';
import type { Shown } from './shown.js';
import type { Told } from './told.js';

const KILLED = 'ended by an operator';

export interface EdgeParts {
  readonly config: Config;
  readonly log: Log;
  readonly workers: number;
}

export function buildEdge({ config, log, workers }: EdgeParts, rooms: Rooms, finder: Finder): Server {
  const { core, admission, status, events, told, clock, versions, paths, switches } = rooms;
  const { record, cellOf } = core;
  const clientOf = createClientOf(config.trustProxy);
  const session = {
    clientOf,
    submit: admission.submit,
    ...rooms.intake,
    limits: { waitMs: config.queueTimeoutMs, runMs: config.timeoutMs },
    maxTimeoutMs: config.maxTimeoutMs,
  };
  const allowed = {
    allowsInsecureCerts: config.allowInsecureCerts,
    allowsClientProxy: config.allowClientProxy,
    onIgnored: once((name) => log.warn({ name }, 'a name that has no effect here')),
  };
  const bootId = randomUUID().slice(0, 8);
  const { page: _page, pageFile: _file, ...listed } = ROUTES;
  const isOn = pathFilter(config.disabledFeatures);
  const startedAt = clock.epochMs();
  const handlers: Handlers = {
    ...managementHandlers({
      pressure: status.pressure,
      notReady: status.notReady,
      config: () => ({ ...shownConfig(config), WORKERS: workers, ...browserlessConfig(config) }),
      meta: () => ({ ...versions, chromium: finder.version(), host: hostname(), startedAt }),
    }),
    ...pageHandlers({
      isTokenNeeded: config.token !== null,
      version: versions.headcount,
      routes: [...listOf(UPGRADES, switches), ...listOf(listed, switches).filter(({ path }) => isOn(path))],
      proxyUrl: config.proxyUrl,
    }),
    ...versionHandlers({ chromium: finder.version, proxyUrl: config.proxyUrl }),
    ...controlHandlers({
      sessions: () => admission.sessions().map((one) => viewOf(one, told, clock)),
      failures: told.failures,
      kill: (id) => admission.kill(id, KILLED),
      killAll: () => admission.killAll(KILLED),
    }),
    events: events.handle,
    ...metricsHandlers({ ...core.views, takeSnapshot: core.takeSnapshot, bootId, nowEpochMs: clock.epochMs }),
    ...sessionHandlers({
      ...session,
      turnAway: admission.turnAway,
      maxPayloadBytes: config.maxPayloadBytes,
      ...allowed,
    }),
    ...testHandlers({ ...session, endEgress: rooms.wayOut.endThread }),
  };
  return createEdge({
    routes: routesOf(ROUTES, handlers, switches).filter(({ path }) => isOn(path)),
    upgrades: upgradesOf(cdpAcceptors({ ...session, ...allowed, bounds: boundsOf(config) })),
    auth: createAuth({ token: config.token, count: () => record(cellOf('headcount_unauthorized_total'), 1) }),
    gate: createGate({
      isOnLoopback: isLoopback(config.host),
      isLoopback,
      proxyUrl: config.proxyUrl,
      cors: config.enableCors ? corsOf(config) : null,
      onForeignHost: (host) =>
        log.warn({ host }, 'requests to a host that is not here are refused: behind a proxy, set PROXY_URL'),
    }),
    send: createSend(),
    clock,
    onAnswered: countRequests(record, cellOf, paths),
    clientOf,
    onRefused: told.refused,
    onError: (error) => log.error({ err: error }, 'bug in a handler'),
  });
}

/** How much a worker holds for a client that does not read. */
const BUFFERED_BYTES_MAX = 16 * 2 ** 20;

function boundsOf({ maxMessageBytes, idleTimeoutMs }: Config) {
  return { maxPayloadBytes: maxMessageBytes, maxBufferedBytes: BUFFERED_BYTES_MAX, idleMs: idleTimeoutMs };
}

function corsOf({ corsAllowOrigin, corsAllowMethods, corsAllowHeaders, corsMaxAge }: Config): Cors {
  return { origins: corsAllowOrigin, methods: corsAllowMethods, headers: corsAllowHeaders, maxAgeS: corsMaxAge };
}

function pathFilter(disabledFeatures: readonly string[]): (path: string) => boolean {
  const disabled = disabledRoutes(disabledFeatures);
  const paths = new Set(
    Object.entries(ROUTES).flatMap(([name, row]): string[] => (disabled.has(name) ? [...row.paths] : [])),
  );
  return (path) => !paths.has(path);
}

function viewOf(
  { session, state, ageMs, startedAtEpochMs, place, standing }: PresentSession,
  { shown, bytesOf }: Pick<Told, 'shown' | 'bytesOf'>,
  clock: Clock,
): SessionView {
  const { id, kind, trackingId, client, target } = session;
  const url = shown.urlOf(target);
  const bytes = bytesOf(standing);
  return {
    id,
    kind,
    trackingId,
    worker: place?.index ?? null,
    state,
    phase: state === 'closing' ? 'close' : (standing?.phase ?? null),
    host: shown.hostOf(target),
    ...(url === null ? {} : { url }),
    startedAt: startedAtEpochMs,
    ageMs,
    sentBytes: bytes?.sentBytes ?? 0,
    receivedBytes: bytes?.receivedBytes ?? 0,
    remoteAddress: client,
    ...clientView(standing?.client ?? null, shown, clock),
  };
}

/** The worker is not asked, because it may not answer. */
function clientView(client: ClientStanding | null, shown: Shown, clock: Clock): Pick<SessionView, 'hosts' | 'idleMs'> {
  if (client === null) return {};
  // A frame may have come after this moment was taken; then the time is 0.
  const idleMs = Math.max(0, Math.round(clock.monotonicMs() - client.heardAtMs));
  return { hosts: shown.hostsOf(client.hosts), idleMs };
}

function once(say: (name: string) => void): (name: string) => void {
  const said = new Set<string>();
  return (name) => {
    if (said.has(name)) return;
    said.add(name);
    say(name);
  };
}
