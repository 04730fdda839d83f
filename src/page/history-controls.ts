/**
 * The buttons and keys that move and zoom the charts.
 */
import { find, make } from './elements.js';
import { type Bounds, pan, SPANS, type View, zoom } from './view.js';

const ZOOM_FACTOR = 2;
/** Keys, each with the button that does the same. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ['ArrowLeft', 'earlier'],
  ['ArrowRight', 'later'],
  ['+', 'zoom-in'],
  ['=', 'zoom-in'],
  ['-', 'zoom-out'],
  ['Escape', 'reset'],
]);

export type Change = (view: View, bounds: Bounds) => View;

interface Controls {
  /** `isRepeated`: the key is held down. */
  readonly steer: (to: Change, isRepeated: boolean) => void;
  readonly first: () => View;
  readonly box: HTMLElement;
}

export function bindControls({ steer, first, box }: Controls): void {
  const steps: Readonly<Record<string, Change>> = {
    earlier: (view, bounds) => pan(view, -1, bounds),
    later: (view, bounds) => pan(view, 1, bounds),
    'zoom-in': (view, bounds) => zoom(view, 1 / ZOOM_FACTOR, bounds),
    'zoom-out': (view, bounds) => zoom(view, ZOOM_FACTOR, bounds),
    reset: first,
  };
  for (const [id, step] of Object.entries(steps)) {
    find(id, HTMLButtonElement).addEventListener('click', () => steer(step, false));
  }
  box.addEventListener('keydown', (event) => {
    const step = steps[KEYS.get(event.key) ?? ''];
    // With a modifier the key is the browser's own: back, or its zoom.
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    steer(step, event.repeat);
  });
}

export function createSpanButtons(onSpan: (spanMs: number) => void): { show(view: View): void } {
  const buttons = SPANS.map(({ label, spanMs }) => {
    const button = make('button', { text: label });
    button.type = 'button';
    button.addEventListener('click', () => onSpan(spanMs));
    return button;
  });
  find('spans', HTMLFieldSetElement).replaceChildren(...buttons);
  return {
    show(view) {
      for (const [index, button] of buttons.entries()) {
        button.ariaPressed = String(view.kind === 'latest' && view.spanMs === SPANS[index]?.spanMs);
      }
    },
  };
}
