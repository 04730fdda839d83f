/**
 * Trouble that comes again and again until it is over. The log says when it begins and when it is over, and nothing
 * between. Main thread.
 */
import type { Log } from '../log.js';

interface Trouble {
  /**
   * Logs an error, unless the same trouble is already going on. Two troubles with one key are told apart by
   * `facts.message`.
   */
  begins(key: string, facts: { readonly message: string; readonly [fact: string]: unknown }, text: string): void;
  /** Logs only when there was trouble. */
  over(key: string, facts: object, text: string): void;
}

export function createTrouble(log: Pick<Log, 'error' | 'info'>): Trouble {
  const going = new Map<string, string>();
  return {
    begins(key, facts, text) {
      if (going.get(key) === facts.message) return;
      going.set(key, facts.message);
      log.error(facts, text);
    },
    over(key, facts, text) {
      if (going.delete(key)) log.info(facts, text);
    },
  };
}
