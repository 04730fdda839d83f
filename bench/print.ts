/**
 * Tables as text for a terminal and as Markdown for the README. Pure.
 */

import type { BenchRow, DetailTable } from './row.js';

export function resultTable(rows: readonly BenchRow[]): DetailTable {
  return {
    title: 'Claims',
    columns: ['claim', 'ours', 'compared with', '', 'ratio', 'target', 'met'],
    rows: rows.map(({ claim, ours, compared, ratio, target, isMet }) => [
      claim,
      ours,
      compared?.with ?? '',
      compared?.value ?? '',
      ratio === null ? '' : `${shown(ratio)} ×`,
      target ?? '',
      isMet === null ? '' : isMet ? 'yes' : 'NO',
    ]),
  };
}

export function asText(table: DetailTable): string {
  const lines = [table.columns, ...cellsOf(table)];
  const widths = table.columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
  return [table.title, ...text.map((line) => line.trimEnd())].join('\n');
}

export function asMarkdown(table: DetailTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = [line(table.columns), line(table.columns.map(() => '---'))];
  return [`**${table.title}**\n`, ...head, ...cellsOf(table).map(line)].join('\n');
}

function cellsOf({ rows }: DetailTable): string[][] {
  return rows.map((row) => row.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)));
}

/** Three significant digits, with the thousands set apart. */
function shown(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
