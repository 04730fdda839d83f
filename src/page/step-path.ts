/**
 * The line of a series of steps, and the area under it, with nothing at all in its gaps. uPlot's own steps go on over a
 * gap and are clipped there, which leaves a part of the line up or down at its end, and hides a short step behind it.
 * Pure.
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

/** Each point holds until the next one; the last one is where the line ends. */
export function drawSteps(points: readonly StepPoint[], line: Pen): void {
  let before: number | null = null;
  for (const { x, y } of points) {
    if (before !== null) line.lineTo(x, before);
    else if (y !== null) line.moveTo(x, y);
    if (y !== null && before !== null && y !== before) line.lineTo(x, y);
    before = y;
  }
}

/** Down to `baseY`. */
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
