/**
 * The large numbers at the top: whether sessions end well, and what is going on now.
 */
import { find, say, showNumber } from './elements.js';
import type { LiveEvent } from './figures.js';
import { count, rate as rateText, span } from './format.js';
import { type Health, rateOf, shareText } from './health.js';

interface Tiles {
  show(event: LiveEvent, health: Health): void;
}

export function createTiles(): Tiles {
  const data = (name: string): HTMLDataElement => find(`now-${name}`, HTMLDataElement);
  const numbers = {
    failed: data('failed'),
    running: data('running'),
    queued: data('queued'),
    cpu: data('cpu'),
    memory: data('memory'),
    refused: data('refused'),
    rate: data('rate'),
  };
  const failedOf = find('now-failed-of', HTMLElement);
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
  // All slots taken is good use of the machine. A long queue or a scarce resource is not.
  const bars = {
    running: bar('running', Number.POSITIVE_INFINITY),
    queued: bar('queued', 0.9),
    cpu: bar('cpu', 0.9),
    memory: bar('memory', 0.9),
  };

  const showFailed = ({ failedShare, endedCount, trend, isFailing }: Health): void => {
    const text = failedShare === null ? '–' : shareText(failedShare).replace('under ', '<').replace(' %', '');
    showNumber(numbers.failed, (failedShare ?? 0) * 100, text);
    numbers.failed.classList.toggle('bad', isFailing);
    const parts = [`% of ${count(endedCount)} in 5 min`, ...(trend === '' ? [] : [trend])];
    say(failedOf, failedShare === null ? 'none has ended in 5 min' : parts.join(', '));
  };

  return {
    show({ pressure, recent }, health) {
      const { running, queued, cpu, memory, maxConcurrent, maxQueued } = pressure;
      const rate = rateOf(recent);
      showFailed(health);
      showNumber(numbers.refused, health.refusedCount, count(health.refusedCount));
      numbers.refused.classList.toggle('warn', health.isRefusing);
      showNumber(numbers.running, running, count(running));
      showNumber(numbers.queued, queued, count(queued));
      showNumber(numbers.cpu, cpu, count(cpu));
      showNumber(numbers.memory, memory, count(memory));
      if (rate) {
        showNumber(numbers.rate, rate.perMinute, rateText(rate.perMinute));
        // The server has not been up for a minute yet.
        say(rateOver, rate.overMs < 60_000 ? `in ${span(Math.round(rate.overMs / 1_000) * 1_000)}` : '');
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
