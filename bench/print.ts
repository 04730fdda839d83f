/**
 * Tables as text for a terminal and as Markdown for the README. Pure.
 */

import type { DetailTable, JudgedRow } from './row.js';

export function resultTable(rows: readonly JudgedRow[]): DetailTable {
  return {
    title: 'Claims',
    columns: ['claim', 'ours', 'compared with', '', 'ratio', 'target', 'met'],
    rows: rows.map(({ claim, ours, compared, ratio, target, verdict }) => [
      claim,
      ours,
      compared?.with ?? '',
      compared?.value ?? '',
      ratio === null ? '' : `${shown(ratio)} ×`,
      target ?? '',
      verdict,
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

/** What a stranger asks first, out of all tables: screenshots a second, their cost, and beside whom. */
export function shortTables(tables: readonly DetailTable[], rows: readonly JudgedRow[]): DetailTable[] {
  const sessions = tables.find(({ title }) => title.startsWith('Sessions: percentiles'));
  const wanted = ['who', 'a second', 'p50 ms', 'p95 ms', 'CPU ms', 'PSS MB'];
  const places = wanted.map((name) => sessions?.columns.indexOf(name) ?? -1);
  const screenshots = (sessions?.rows ?? []).filter(([situation]) => situation === 'screenshot, 4 clients');
  const clients = rows.filter(({ claim }) => claim.startsWith('Puppeteer over WebSocket'));
  const us = clients.slice(0, 1).map(({ ours }) => ['headcount', ours]);
  return [
    {
      title: 'Screenshots of a page of 2 KB, four clients at once',
      columns: wanted,
      rows: screenshots.map((row) => places.map((place) => row[place] ?? '')),
    },
    {
      title: 'Puppeteer clients over WebSocket, the same page, four at once',
      columns: ['who', "CPU ms of the server's side"],
      rows: [...us, ...clients.flatMap(({ compared }) => (compared ? [[compared.with, compared.value]] : []))],
    },
  ];
}

function cellsOf({ rows }: DetailTable): string[][] {
  return rows.map((row) => row.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)));
}

/** Three significant digits, with the thousands set apart. */
function shown(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
