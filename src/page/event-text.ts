/**
 * Splits the text of a stream of server-sent events into the data of each event. In: chunks, cut anywhere; out: data.
 * Only what `/events` sends is understood: `data:` lines and the empty line behind them. Pure.
 */

/** An event is a few KB. Text that is longer and has no end of line is dropped. */
const PENDING_CHARS_MAX = 1_000_000;

/** Takes a chunk, gives the data of the events that it completes. */
export function createEventText(): (chunk: string) => string[] {
  let pending = '';
  return (chunk) => {
    const events = (pending + chunk).split('\n\n');
    pending = events.pop() ?? '';
    if (pending.length > PENDING_CHARS_MAX) throw new Error('an event without an end');
    return events.map(dataOf).filter((data) => data !== '');
  };
}

function dataOf(event: string): string {
  return event
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trimStart())
    .join('\n');
}
