/**
 * The view in the page's address, behind the `#`, which no server sees: `last=6h`, or `from=…&to=…` in ISO 8601. So a
 * view survives a reload, can be handed on, and back and forward work. Values that make no sense are ignored.
 */
import { type Bounds, SPANS, type View, within } from './view.js';

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;
type Unit = keyof typeof UNITS_MS;

export function fragmentOf(view: View): string {
  if (view.kind === 'fixed') return `#from=${timeText(view.fromMs)}&to=${timeText(view.toMs)}`;
  return `#last=${spanText(view.spanMs)}`;
}

/** Null: the address names no view, or one that the history does not reach any more. */
export function viewFrom(fragment: string, bounds: Bounds): View | null {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const { nowMs, retentionMs } = bounds;
  const spanMs = spanOf(given.get('last'));
  // The page offers these spans even where the history is shorter.
  if (SPANS.some((one) => one.spanMs === spanMs) && spanMs !== null) return { kind: 'latest', spanMs };
  if (spanMs !== null) return within({ fromMs: nowMs - spanMs, toMs: nowMs }, bounds);
  const [fromMs, toMs] = [timeOf(given.get('from')), timeOf(given.get('to'))];
  if (fromMs === null || toMs === null || fromMs >= toMs) return null;
  return toMs <= nowMs - retentionMs || fromMs >= nowMs ? null : within({ fromMs, toMs }, bounds);
}

interface ViewAddress {
  /** The view that the address names now. */
  read(bounds: Bounds): View | null;
  /** `first` is the view that needs no word in the address. A key that is held down makes one step of the history. */
  write(view: View, options: { readonly first: View; readonly isRepeated: boolean }): void;
}

/** `onChange` is called after back, forward or an edit of the address. `isEmpty`: the address names no view. */
export function createViewAddress(onChange: (isEmpty: boolean) => void): ViewAddress {
  addEventListener('popstate', () => onChange(location.hash === ''));
  return {
    read: (bounds) => viewFrom(location.hash, bounds),
    write(view, { first, isRepeated }) {
      const fragment = fragmentOf(view) === fragmentOf(first) ? '' : fragmentOf(view);
      if (location.hash === fragment) return;
      const address = `${location.pathname}${location.search}${fragment}`;
      if (isRepeated) history.replaceState(null, '', address);
      else history.pushState(null, '', address);
    },
  };
}

function timeText(ms: number): string {
  return new Date(Math.round(ms / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}

function timeOf(text: string | null): number | null {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** In the largest unit that leaves a whole number. */
function spanText(spanMs: number): string {
  const seconds = Math.max(Math.round(spanMs / 1_000), 1);
  const units: readonly Unit[] = ['d', 'h', 'm'];
  const unit = units.find((one) => (seconds * 1_000) % UNITS_MS[one] === 0) ?? 's';
  return `${(seconds * 1_000) / UNITS_MS[unit]}${unit}`;
}

function spanOf(text: string | null): number | null {
  const [, digits, unit] = /^(\d{1,9})([dhms])$/.exec(text ?? '') ?? [];
  if (!isUnit(unit) || Number(digits) === 0) return null;
  return Number(digits) * UNITS_MS[unit];
}

function isUnit(text: string | undefined): text is Unit {
  return text !== undefined && text in UNITS_MS;
}
