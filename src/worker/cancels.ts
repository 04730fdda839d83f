/**
 * Word from main that a session has been settled, for whoever runs it. It comes on another channel than the job and may
 * be there before it: then it waits. Runs in a worker thread.
 */
export interface Cancels {
  /** Its job has come. Resolves when it is cancelled; sequence numbers only go up. */
  begin(sequence: number): Promise<null>;
  cancel(sequence: number): void;
  end(sequence: number): void;
}

export function createCancels(): Cancels {
  const running = new Map<number, () => void>();
  const early = new Set<number>();
  let last = 0;
  return {
    begin(sequence) {
      last = sequence;
      return new Promise((resolve) => {
        const cancel = (): void => resolve(null);
        if (early.delete(sequence)) cancel();
        running.set(sequence, cancel);
      });
    },
    cancel(sequence) {
      running.get(sequence)?.();
      // One that has come already and is not running has ended.
      if (sequence > last) early.add(sequence);
    },
    end: (sequence) => void running.delete(sequence),
  };
}
