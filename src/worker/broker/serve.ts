/**
 * One session of a client over WebSocket, from its ticket to the end of its contexts. In: a job; out: exactly one
 * outcome. Runs in a worker thread.
 */
import type { Clock } from '../../clock.js';
import type { CdpJob, ClientStanding } from '../../protocol/cdp.js';
import type { Outcome, PhaseTimes, Progress } from '../../protocol/job.js';
import { type End, limit, waitFor } from '../../wait.js';
import type { Tally } from '../tally.js';
import type { Broker } from './broker.js';
import type { Client } from './client.js';
import type { ClientSocket } from './listener.js';
import { CLOSE, type Ended, failed } from './peer.js';

export interface ClientAssignment {
  readonly job: CdpJob;
  /** Main has settled the session. */
  readonly cancelled: End;
  readonly post: (outcome: Outcome) => void;
  readonly tell: (progress: Progress) => void;
  /** @throws {Error} when there is no browser. */
  readonly broker: () => Broker;
  readonly tally: Pick<Tally, 'phase' | 'clients'>;
  readonly clock: Clock;
}

/**
 * ms for main to bring the client, which it has waiting. If the thread stands still meanwhile, as it does for a while
 * to load code, the client is in the socket's queue when this limit is looked at.
 */
export const ARRIVAL_LIMIT_MS = 30_000;
/** ms between two reports of a client to main, at least. */
const TELL_EVERY_MS = 1_000;
const CRASHED = failed('BROWSER_CRASHED', 'the browser crashed');

/** Resolves when the client's contexts are really gone. Never rejects. */
export async function serveClient(assignment: ClientAssignment): Promise<void> {
  const { cancelled, post, tell, tally, clock } = assignment;
  const startedAtMs = clock.monotonicMs();
  let opened: { client: Client; broker: Broker } | Ended;
  try {
    opened = await arrive(assignment);
  } catch (error) {
    return post(failed('BROWSER_CRASHED', error instanceof Error ? error.message : String(error)));
  }
  if (opened === null || 'code' in opened) return opened ? post(opened) : undefined;
  const { client, broker } = opened;
  const contextMs = clock.monotonicMs() - startedAtMs;
  tally.phase('context', contextMs);
  const standing = client.standing();
  tell({ kind: 'phase', phase: 'run', beforeMs: contextMs, exit: client.exitId, client: standing });
  const stopTelling = keepTold(client, standing, assignment);
  const why = await waitFor<never, Ended | 'cancelled'>(
    null,
    [client.over, client.why],
    [broker.lost, () => CRASHED],
    [cancelled, () => 'cancelled'],
  );
  stopTelling();
  const runMs = clock.monotonicMs() - startedAtMs - contextMs;
  tally.phase('run', runMs);
  // Before the outcome is told: whoever reads the counters then finds the whole session.
  tally.clients.flush();
  if (why === 'cancelled') client.end(CLOSE.goingAway, failed('SESSION_TIMEOUT', 'the session is over'));
  else post(outcomeOf(why, { context: contextMs, navigate: 0, run: runMs }));
  if (why !== null && why !== 'cancelled') client.end(CLOSE.internal, why);
  const closingAtMs = clock.monotonicMs();
  await client.close();
  tally.phase('close', clock.monotonicMs() - closingAtMs);
}

/** Tells main how the client does after each change since `told`. Main does not ask, because a thread may hang. */
function keepTold(
  client: Client,
  told: ClientStanding,
  { tell, clock }: Pick<ClientAssignment, 'tell' | 'clock'>,
): () => void {
  let last = JSON.stringify(told);
  const look = (): void => {
    const standing = client.standing();
    const present = JSON.stringify(standing);
    if (present !== last) tell({ kind: 'client', client: standing });
    last = present;
    cancel = clock.after(TELL_EVERY_MS, look);
  };
  let cancel = clock.after(TELL_EVERY_MS, look);
  return () => cancel();
}

/** Resolves with the client once it has its context, with the reason why not, or with null when it was cancelled. */
async function arrive(assignment: ClientAssignment): Promise<{ client: Client; broker: Broker } | Ended> {
  const { job, cancelled, tell, clock } = assignment;
  const { ticket, options } = job.body;
  const broker = assignment.broker();
  const path = await broker.path();
  let giveUp = (): void => {};
  const coming = new Promise<ClientSocket>((resolve) => {
    giveUp = broker.expect(ticket, options, resolve);
  });
  tell({ kind: 'serving', path });
  const socket = await waitFor<ClientSocket, Ended>(
    coming,
    [cancelled, () => null],
    [broker.lost, () => CRASHED],
    [limit(clock, ARRIVAL_LIMIT_MS), () => failed('CLIENT_CLOSED', 'the client went before it was there')],
  );
  giveUp();
  if (socket === null || 'code' in socket) {
    // The client may have come in this very moment.
    void coming.then((late) => late.terminate());
    return socket;
  }
  const client = await broker.open(socket, options);
  return { client, broker };
}

function outcomeOf(why: Ended, phases: PhaseTimes): Outcome {
  return why ?? { isOk: true, product: 'closed', answer: null, phases };
}
