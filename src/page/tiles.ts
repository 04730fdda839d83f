/**
 * The large numbers at the top: what is going on now, by `/pressure`'s figures and the rate.
 */
import { find, say, showNumber } from './elements.js';
import type { LiveEvent } from './figures.js';
import { count, rate as rateText, span } from './format.js';
import type { Rate } from './rate.js';

interface Tiles {
  show(event: LiveEvent, rate: ReturnType<Rate['now']>): void;
}

export function createTiles(): Tiles {
  const data = (name: string): HTMLDataElement => find(`now-${name}`, HTMLDataElement);
  const numbers = {
    running: data('running'),
    queued: data('queued'),
    cpu: data('cpu'),
    memory: data('memory'),
    rejected: data('rejected'),
    rate: data('rate'),
  };
  const runningOf = find('now-running-of', HTMLElement);
  const queuedOf = find('now-queued-of', HTMLElement);
  const rateOver = find('now-rate-over', HTMLElement);
  const bar = (name: string, high: number): ((ratio: number) => void) => {
    const element = find(`now-${name}-bar`, HTMLElement);
    return (ratio) => {
      element.style.inlineSize = `${Math.min(Math.max(ratio, 0), 1) * 100}%`;
      element.classList.toggle('high', ratio >= high);
    };
  };
  // That every slot is taken is good use; that the queue is long, or a resource short, is not.
  const bars = {
    running: bar('running', Number.POSITIVE_INFINITY),
    queued: bar('queued', 0.9),
    cpu: bar('cpu', 0.9),
    memory: bar('memory', 0.9),
  };

  return {
    show({ pressure }, rate) {
      const { running, queued, cpu, memory, maxConcurrent, maxQueued, recentlyRejected } = pressure;
      showNumber(numbers.running, running, count(running));
      showNumber(numbers.queued, queued, count(queued));
      showNumber(numbers.cpu, cpu, count(cpu));
      showNumber(numbers.memory, memory, count(memory));
      showNumber(numbers.rejected, recentlyRejected, count(recentlyRejected));
      if (rate) {
        showNumber(numbers.rate, rate.perMinute, rateText(rate.perMinute));
        say(rateOver, `last ${span(Math.round(rate.overMs / 1_000) * 1_000)}`);
      }
      say(runningOf, `of ${count(maxConcurrent)}`);
      say(queuedOf, `of ${count(maxQueued)}`);
      bars.running(running / maxConcurrent);
      bars.queued(maxQueued === 0 ? 0 : queued / maxQueued);
      bars.cpu(cpu / 100);
      bars.memory(memory / 100);
    },
  };
}
