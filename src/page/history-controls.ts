/**
 * The buttons and keys that move and zoom the charts.
 */
import { find, make } from './elements.js';
import { type Bounds, pan, SPANS, type View, zoom } from './view.js';

const ZOOM_FACTOR = 2;

interface Controls {
  readonly change: (to: (view: View, bounds: Bounds) => View) => void;
  readonly first: () => View;
  readonly box: HTMLElement;
}

export function bindControls({ change, first, box }: Controls): void {
  const steps = {
    earlier: () => change((view, bounds) => pan(view, -1, bounds)),
    later: () => change((view, bounds) => pan(view, 1, bounds)),
    'zoom-in': () => change((view, bounds) => zoom(view, 1 / ZOOM_FACTOR, bounds)),
    'zoom-out': () => change((view, bounds) => zoom(view, ZOOM_FACTOR, bounds)),
    reset: () => change(first),
  };
  for (const [id, step] of Object.entries(steps)) find(id, HTMLButtonElement).addEventListener('click', step);
  const keys = new Map<string, () => void>([
    ['ArrowLeft', steps.earlier],
    ['ArrowRight', steps.later],
    ['+', steps['zoom-in']],
    ['=', steps['zoom-in']],
    ['-', steps['zoom-out']],
    ['Escape', steps.reset],
  ]);
  box.addEventListener('keydown', (event) => {
    const step = keys.get(event.key);
    // With a modifier they are the browser's: back, and its own zoom.
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    step();
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
