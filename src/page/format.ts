/**
 * Writes numbers and times as people read them. Only this file rounds. Times are in the reader's time zone. Pure.
 */

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const SECONDS = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric' });

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export function count(value: number): string {
  return WHOLE.format(value);
}

/** For the axis of a chart, where there is little room: 1.2K. */
export function short(value: number): string {
  return SHORT.format(value);
}

/** Small numbers have one decimal, unless they are whole. */
export function rate(value: number): string {
  return Number.isInteger(value) || value >= 10 ? WHOLE.format(value) : TENTHS.format(value);
}

export function percent(ratio: number): string {
  return `${WHOLE.format(ratio * 100)} %`;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${WHOLE.format(ms)} ms`;
  if (ms < MINUTE_MS) return `${TENTHS.format(ms / 1_000)} s`;
  return ms < HOUR_MS ? `${TENTHS.format(ms / MINUTE_MS)} min` : `${TENTHS.format(ms / HOUR_MS)} h`;
}

/** For the axis of a chart: no more digits than it needs. */
export function shortDuration(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 1_000) return `${SHORT.format(ms)} ms`;
  if (ms < MINUTE_MS) return `${SHORT.format(ms / 1_000)} s`;
  return ms < HOUR_MS ? `${SHORT.format(ms / MINUTE_MS)} min` : `${SHORT.format(ms / HOUR_MS)} h`;
}

/** The length of a period, such as `5 min` or `2 s`. */
export function span(ms: number): string {
  const [unit, name] = ms % HOUR_MS === 0 ? [HOUR_MS, 'h'] : ms % MINUTE_MS === 0 ? [MINUTE_MS, 'min'] : [1_000, 's'];
  return `${count(ms / unit)} ${name}`;
}

/** How long a server has been up: `3 d 4 h`, `4 h 12 min`, `12 min`. */
export function uptime(ms: number): string {
  const [days, hours, minutes] = [ms / DAY_MS, (ms % DAY_MS) / HOUR_MS, (ms % HOUR_MS) / MINUTE_MS].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min`;
}

export function clock(ms: number): string {
  return CLOCK.format(ms);
}

export function clockWithSeconds(ms: number): string {
  return SECONDS.format(ms);
}

export function dayAndClock(ms: number): string {
  return `${DAY.format(ms)}, ${CLOCK.format(ms)}`;
}

/** Labels of a time axis with marks `stepMs` apart: days; or clock times, with the day at midnight. */
export function timeMark(ms: number, stepMs: number): string {
  const isMidnight = CLOCK.format(ms) === '00:00';
  if (stepMs >= DAY_MS || (isMidnight && stepMs >= MINUTE_MS)) return DAY.format(ms);
  return stepMs < MINUTE_MS ? SECONDS.format(ms) : CLOCK.format(ms);
}

/** `Tue 24, 14:35 – 16:05`. */
export function range(fromMs: number, toMs: number): string {
  const isOneDay = DAY.format(fromMs) === DAY.format(toMs);
  return `${dayAndClock(fromMs)} – ${isOneDay ? clock(toMs) : dayAndClock(toMs)}`;
}
