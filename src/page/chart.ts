/**
 * One chart: a figure with its legend, drawn by uPlot, and described in words for those who do not see it. In: points
 * and the range to show; out: what was selected by dragging, and where the pointer is. The one door to uPlot, which is
 * a script of its own in page.html and so a global.
 */
import type UPlot from 'uplot';
import { createLegend } from './chart-legend.js';
import type { ChartSpec } from './chart-specs.js';
import { make } from './elements.js';
import type { Row } from './figures.js';
import { dayAndClock, span, timeMark } from './format.js';
import { indexAt, type Points, stacked, valuesOf } from './points.js';
import { drawArea, drawSteps } from './step-path.js';
import type { Range } from './view.js';

const HEIGHT_PX = 170;
const AXIS_PX = 52;
/** Room to the right of the plot. */
const END_PX = 4;
const CHARACTER_PX = 6.5;
const FONT = '11px system-ui, sans-serif';
const DASHES = { solid: [], dashed: [7, 4], dotted: [2, 3] } as const;
/** A shorter drag is a click of an unsteady hand, not a selection. */
const SELECTION_PX_MIN = 6;
/** Shared by all charts of the page: the pointer over one shows the same moment on all. */
const SYNC_KEY = 'history';

interface ChartEvents {
  readonly onSelect: (range: Range) => void;
  readonly onReset: () => void;
  /** Null: the pointer has left. */
  readonly onPointer: (pointed: Pointed | null) => void;
}

/** What is under the pointer. */
export interface Pointed {
  /** Start of the step; in a gap, start of the period. */
  readonly ms: number;
  /** The row that is drawn there; null: no server was up. */
  readonly row: Row | null;
}

export interface Chart {
  readonly element: HTMLElement;
  update(points: Points, range: Range): void;
  /** The figures of all that is in view, for the legend while nothing is pointed at. Null: not known yet. */
  setTotal(total: Row | null): void;
  widthPx(): number;
}

export function createChart(spec: ChartSpec, periodMs: number, events: ChartEvents): Chart {
  const { series, isStacked, isPerPeriod } = spec;
  const picks = series.map(({ of }) => of);
  const drawn = isStacked ? stacked(picks) : picks;
  const title = isPerPeriod ? `${spec.title}, per ${span(periodMs)}` : spec.title;
  const legend = createLegend(spec);
  const plotBox = make('div', { className: 'plot' });
  plotBox.role = 'img';
  const caption = make('figcaption', {}, [make('strong', { text: title }), legend.when, legend.element]);
  const element = make('figure', {}, [caption, plotBox]);
  let points: Points = { seconds: [], rows: [] };
  let total: Row | null = null;
  let range: Range = { fromMs: 0, toMs: 1 };

  const showValues = (plot: UPlot): Pointed | null => {
    const left = plot.cursor.left ?? -1;
    if (left < 0) {
      legend.show(total, 'all in view');
      return null;
    }
    const second = plot.posToVal(left, 'x');
    const row = points.rows[indexAt(points.seconds, second) ?? -1] ?? null;
    const pointed = { ms: row?.date ?? Math.floor((second * 1_000) / periodMs) * periodMs, row };
    legend.show(row, dayAndClock(pointed.ms));
    return pointed;
  };
  const onSelect = (plot: UPlot): void => {
    const { left, width } = plot.select;
    if (width < SELECTION_PX_MIN) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const [fromMs, toMs] = [plot.posToVal(left, 'x') * 1_000, plot.posToVal(left + width, 'x') * 1_000];
    events.onSelect({ fromMs, toMs });
  };

  const plot = new uPlot(
    {
      width: 300,
      height: HEIGHT_PX,
      legend: { show: false },
      padding: [8, END_PX, 0, 0],
      scales: {
        x: { time: true, range: () => [range.fromMs / 1_000, range.toMs / 1_000] },
        y: { range: (_plot, _min, max) => [0, topOf(spec, max)] },
      },
      axes: [timeAxis(), valueAxis(spec)],
      series: [{}, ...series.map((one, index) => seriesOptions(one, isStacked === true, index))],
      cursor: cursorOptions(events.onReset),
      hooks: { setCursor: [(self) => events.onPointer(showValues(self))], setSelect: [onSelect] },
    },
    [[], ...drawn.map(() => [])],
    plotBox,
  );
  // A chart is as wide as its column, which may change at any time.
  new ResizeObserver(() => {
    const width = plotBox.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT_PX });
  }).observe(plotBox);

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw());

  return {
    element,
    update(newPoints, newRange) {
      points = newPoints;
      range = newRange;
      plot.setData([points.seconds, ...drawn.map((pick) => valuesOf(points, pick))]);
      const pointed = showValues(plot);
      // The figures at the pointer may have changed.
      if (pointed) events.onPointer(pointed);
      plotBox.ariaLabel = `${title}. ${legend.summary(points, range)}`;
    },
    setTotal(newTotal) {
      total = newTotal;
      showValues(plot);
    },
    widthPx: () => plotBox.clientWidth,
  };
}

function topOf({ scale }: ChartSpec, max: number | null): number {
  return scale.fixedMax ?? Math.max((max ?? 0) * 1.06, scale.leastMax);
}

/** Read at each drawing, so that an open page follows a change from light to dark. */
function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
}

function seriesOptions(one: ChartSpec['series'][number], isStacked: boolean, index: number): UPlot.Series {
  const colour = (): string => colourOf(one.colour);
  // Lower series are drawn later, so that their fills hide the fills of those above.
  const fill = isStacked ? { fill: () => colourOf(`${one.colour}-fill`) } : {};
  return {
    label: `${index}`,
    stroke: colour,
    width: 1.5,
    dash: [...DASHES[one.line]],
    points: { show: false },
    paths: stepPaths,
    ...fill,
  };
}

/** `from` and `to` are the points just outside of the view. */
function stepPaths(plot: UPlot, index: number, from: number, to: number): UPlot.Series.Paths {
  const [seconds, values] = [plot.data[0], plot.data[index]];
  const points = Array.from({ length: to - from + 1 }, (_, i) => {
    const value = values?.[from + i] ?? null;
    return {
      x: Math.round(plot.valToPos(seconds[from + i] ?? 0, 'x', true)),
      y: value === null ? null : Math.round(plot.valToPos(value, 'y', true)),
    };
  });
  const [stroke, fill] = [new Path2D(), new Path2D()];
  drawSteps(points, stroke);
  drawArea(points, Math.round(plot.valToPos(0, 'y', true)), fill);
  return { stroke, fill };
}

function timeAxis(): UPlot.Axis {
  return {
    ...axis(),
    size: 28,
    space: 64,
    values: (plot, seconds, _index, _space, stepSeconds) =>
      seconds.map((one) => {
        const text = timeMark(one * 1_000, stepSeconds * 1_000);
        // At the very end there is no room for it.
        const endPx = plot.valToPos(one, 'x') + (text.length * CHARACTER_PX) / 2;
        return endPx > plot.over.clientWidth + END_PX ? '' : text;
      }),
  };
}

function valueAxis({ scale }: ChartSpec): UPlot.Axis {
  return {
    ...axis(),
    size: AXIS_PX,
    space: 34,
    values: (_plot, values) => values.map(scale.mark),
    ...(scale.steps ? { incrs: [...scale.steps] } : {}),
  };
}

function axis(): UPlot.Axis {
  const line = { stroke: () => colourOf('line'), width: 1 };
  return { stroke: () => colourOf('muted'), font: FONT, grid: line, ticks: { ...line, size: 4 } };
}

function cursorOptions(onReset: () => void): UPlot.Cursor {
  return {
    y: false,
    points: { size: 6 },
    drag: { x: true, y: false, setScale: false },
    // A row holds until the next one begins, so the one before the pointer is meant, not the nearest.
    dataIdx: (plot, _series, _closest, x) => indexAt(plot.data[0], x),
    bind: {
      dblclick: () => () => {
        onReset();
        return null;
      },
    },
    sync: { key: SYNC_KEY, filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
  };
}
