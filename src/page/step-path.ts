/**
 * The line of a series of steps, and the area under it. Its gaps are empty. uPlot's own steps cross a gap and are
 * clipped there: that leaves a piece of line at the gap's end, and hides a short step behind it. Pure.
 */

export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

export interface StepPoint {
  readonly x: number;
  /** Null: a gap begins. */
  readonly y: number | null;
}

/** Each point holds until the next one. The line ends at the last one. */
export function drawSteps(points: readonly StepPoint[], line: Pen): void {
  let before: number | null = null;
  for (const { x, y } of points) {
    if (before !== null) line.lineTo(x, before);
    else if (y !== null) line.moveTo(x, y);
    if (y !== null && before !== null && y !== before) line.lineTo(x, y);
    before = y;
  }
}

/** The area, down to `baseY`. */
export function drawArea(points: readonly StepPoint[], baseY: number, area: Pen): void {
  let before: number | null = null;
  let lastX = 0;
  for (const { x, y } of points) {
    if (before !== null) area.lineTo(x, before);
    else if (y !== null) area.moveTo(x, baseY);
    if (y !== null) area.lineTo(x, y);
    else if (before !== null) area.lineTo(x, baseY);
    before = y;
    lastX = x;
  }
  if (before !== null) area.lineTo(lastX, baseY);
}
