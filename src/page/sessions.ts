/**
 * The table of sessions that run or wait, each with a button to end it. A session keeps its row, so that the focus
 * stays where it is while the ages go up.
 */
import type { Api } from './api.js';
import { Refused } from './api.js';
import { find, headOf, make, say } from './elements.js';
import type { Session } from './figures.js';
import { sessionsOf } from './figures.js';
import { count, duration } from './format.js';
import { createSteadyHeight } from './steady-height.js';

/** So many are shown. The button for all ends the others too. */
const ROWS_MAX = 200;
const ID_CHARS = 8;

interface SessionTable {
  /** Asks for the sessions, unless it is asking already. Never rejects. */
  refresh(): Promise<void>;
}

export function createSessionTable(api: Api): SessionTable {
  const body = find('sessions', HTMLTableSectionElement);
  const none = find('sessions-none', HTMLParagraphElement);
  const said = find('sessions-said', HTMLParagraphElement);
  const title = find('sessions-title', HTMLHeadingElement);
  const endAll = find('end-all', HTMLButtonElement);
  const box = find('sessions-box', HTMLElement);
  const holdHeight = createSteadyHeight(find('pair', HTMLDivElement));
  const rows = new Map<string, HTMLTableRowElement>();
  let isAsking = false;

  const end = async (what: string, done: string): Promise<void> => {
    try {
      await api.kill(what);
      say(said, done);
    } catch (error) {
      const isGone = error instanceof Refused && error.status === 404;
      say(said, isGone ? 'It had ended by itself.' : `Not ended: ${error instanceof Error ? error.message : error}`);
    }
    await refresh();
  };

  const show = (sessions: readonly Session[]): void => {
    const shown = sessions.slice(0, ROWS_MAX);
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      moveFocus(row, title);
      row.remove();
      rows.delete(id);
    }
    for (const session of shown) {
      const { id } = session;
      const row = rows.get(id) ?? rowOf(id, () => void end(id, `Session ${shortOf(id)} was ended.`));
      if (!rows.has(id)) body.append(row);
      rows.set(id, row);
      fill(row, session);
    }
    const running = sessions.filter(({ state }) => state === 'running');
    const waitingCount = sessions.filter(({ state }) => state === 'waiting').length;
    const isOver = running.length + waitingCount === 0;
    none.hidden = sessions.length > 0;
    if (sessions.length === 0) leave(box, title);
    if (isOver) leave(endAll, title);
    box.hidden = sessions.length === 0;
    endAll.hidden = isOver;
    say(title, isOver ? 'Sessions' : `Sessions: ${runningText(running)}, ${count(waitingCount)} waiting`);
    holdHeight();
  };

  const refresh = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      show(sessionsOf(await api.json('sessions')));
    } catch {
      // The stream notices a server that is gone, and says so.
    } finally {
      isAsking = false;
    }
  };

  confirmWith(endAll, () => void end('all', 'All sessions were ended.'));
  return { refresh };
}

function rowOf(id: string, onEnd: () => void): HTMLTableRowElement {
  const head = headOf(shortOf(id), 'row', 'code');
  head.title = id;
  const button = make('button', { text: 'End' }, [make('span', { text: ` session ${id}`, className: 'unseen' })]);
  button.type = 'button';
  button.addEventListener('click', onEnd);
  const classes = ['number', 'number', '', '', 'code', 'code', 'number', 'code'];
  return make('tr', {}, [head, ...classes.map((className) => make('td', { className })), make('td', {}, [button])]);
}

function fill(row: HTMLTableRowElement, session: Session): void {
  const { kind, trackingId, worker, ageMs, idleMs, host, hosts, phase, remoteAddress, state } = session;
  const doing = state === 'running' ? (phase ?? state) : state;
  const texts = [
    duration(ageMs),
    idleMs === null ? '–' : duration(idleMs),
    doing,
    kind,
    host ?? (hosts.join(', ') || '–'),
    trackingId ?? '–',
    String(worker ?? '–'),
    remoteAddress ?? '–',
  ];
  for (const [index, text] of texts.entries()) {
    const cell = row.cells[index + 1];
    if (cell) say(cell, text);
  }
  const button = row.querySelector('button');
  // A session that is closing has settled, so there is nothing left to end.
  if (button && state === 'closing' && !button.disabled) {
    moveFocus(row, find('sessions-title', HTMLHeadingElement));
    button.disabled = true;
  }
}

function runningText(running: readonly Session[]): string {
  const clients = running.filter(({ kind }) => kind === 'cdp').length;
  return `${count(running.length)} running${clients === 0 ? '' : ` (${count(clients)} over WebSocket)`}`;
}

/** `element` is about to go: if the focus is in it, `to` gets it. */
function leave(element: HTMLElement, to: HTMLElement): void {
  if (element.contains(document.activeElement)) to.focus();
}

/** When a row with the focus goes, the next row gets the focus, or else the heading; not the top of the page. */
function moveFocus(row: HTMLTableRowElement, fallback: HTMLElement): void {
  if (!row.contains(document.activeElement)) return;
  const next = row.nextElementSibling?.querySelector<HTMLElement>('button:enabled');
  (next ?? fallback).focus();
}

function confirmWith(opener: HTMLButtonElement, onYes: () => void): void {
  const dialog = find('confirm', HTMLDialogElement);
  opener.addEventListener('click', () => dialog.showModal());
  find('confirm-no', HTMLButtonElement).addEventListener('click', () => dialog.close());
  find('confirm-yes', HTMLButtonElement).addEventListener('click', () => {
    dialog.close();
    onYes();
  });
}

function shortOf(id: string): string {
  return id.slice(0, ID_CHARS);
}
