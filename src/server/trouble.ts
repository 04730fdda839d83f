/**
 * What goes wrong again and again until it is over: said in the log when it begins, and when it is over, and not each
 * time between. Main thread.
 */
import type { Log } from '../log.js';

interface Trouble {
  /** Said as an error, unless the same is going on. `facts.message` is what tells two troubles of a key apart. */
  begins(key: string, facts: { readonly message: string; readonly [fact: string]: unknown }, text: string): void;
  /** Said only when there was trouble. */
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
