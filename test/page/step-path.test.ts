/**
 * Steps are drawn from where they begin to where they end, and nothing in between two of them that have a gap.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { drawArea, drawSteps, type Pen, type StepPoint } from '../../src/page/step-path.js';

const test = suite('page/step-path');

function createPen(): Pen & { readonly drawn: string[] } {
  const drawn: string[] = [];
  return {
    drawn,
    moveTo: (x, y) => drawn.push(`M${x},${y}`),
    lineTo: (x, y) => drawn.push(`${x},${y}`),
  };
}

function line(...points: readonly (readonly [number, number | null])[]): string {
  const pen = createPen();
  drawSteps(points.map(toPoint), pen);
  return pen.drawn.join(' ');
}

function area(...points: readonly (readonly [number, number | null])[]): string {
  const pen = createPen();
  drawArea(points.map(toPoint), 100, pen);
  return pen.drawn.join(' ');
}

function toPoint([x, y]: readonly [number, number | null]): StepPoint {
  return { x, y };
}

test('a step goes on to the next one, and up or down there', () => {
  assert.is(line([0, 50], [10, 20], [20, 20], [30, 60]), 'M0,50 10,50 10,20 20,20 30,20 30,60');
  assert.is(area([0, 50], [10, 20], [20, 20]), 'M0,100 0,50 10,50 10,20 20,20 20,20 20,100');
});

test('ends where a gap begins, and begins anew where it ends', () => {
  const points = [
    [0, 50],
    [10, null],
    [40, 20],
    [45, 20],
  ] as const;
  assert.is(line(...points), 'M0,50 10,50 M40,20 45,20');
  assert.is(area(...points), 'M0,100 0,50 10,50 10,100 M40,100 40,20 45,20 45,20 45,100');
});

test('gaps at either end, beside each other, or all there is draw nothing', () => {
  assert.is(line([0, null], [5, null], [10, 7], [20, null], [30, null]), 'M10,7 20,7');
  assert.is(area([0, null], [10, 7], [20, null]), 'M10,100 10,7 20,7 20,100');
  assert.is(line([0, null], [1, null]), '');
  assert.is(line() + area() + area([0, null]), '');
});

test.run();
