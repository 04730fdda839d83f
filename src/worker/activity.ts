/**
 * Whether a thread has sessions, or has had some lately. Most are shorter than the time between two looks. Runs in a
 * worker thread.
 */

export interface Activity {
  begin(): void;
  end(): void;
  /** The returned function says whether a session runs, or has begun since it was last called. */
  watch(): () => boolean;
}

export function createActivity(): Activity {
  let running = 0;
  let begun = 0;
  return {
    begin() {
      running++;
      begun++;
    },
    end() {
      running--;
    },
    watch() {
      let seen = begun;
      return () => {
        const isBusy = running > 0 || begun !== seen;
        seen = begun;
        return isBusy;
      };
    },
  };
}
