/**
 * The browser, as one client has it: what it has asked to be told of targets, and to be attached to. A client has one
 * such root, and more when it asks for further sessions with the browser. In: what is there; out: what a root is to be
 * told. Runs in a worker thread.
 */
import { randomBytes } from 'node:crypto';
import type { TargetInfo } from '../cdp/frame.js';
import type { Params } from './methods.js';

/** As Chromium has it: the first that fits says whether a type is meant. */
export type Filter = readonly { readonly type?: string; readonly exclude?: boolean }[];

export interface Root {
  /** Undefined: the connection itself. */
  readonly sessionId: string | undefined;
  auto: { readonly filter: Filter; readonly isPaused: boolean } | null;
  discover: Filter | null;
  /** Targets that it has been told of, of those that are there. */
  readonly known: Set<string>;
}

/** The browser itself, of which a client has no more than this. */
export const BROWSER_TARGET = {
  targetId: 'browser',
  type: 'browser',
  title: '',
  url: '',
  attached: true,
  canAccessOpener: false,
};

const DEFAULT_FILTER: Filter = [{ type: 'browser', exclude: true }, { type: 'tab', exclude: true }, {}];

export interface Roots {
  /** The connection itself. */
  readonly main: Root;
  get(sessionId: string | undefined): Root | undefined;
  /** A further one. */
  add(): Root;
  /** False when there is none. */
  remove(sessionId: string): boolean;
  /** Whoever is to be attached to something of this type. */
  attaching(type: string): Root | undefined;
  /** Tells each that wants to know; `method` as Chromium has it. */
  told(method: string, params: object, info: TargetInfo): void;
  /** From now on it is told of what is there. */
  discover(root: Root, filter: Filter | null, present: readonly TargetInfo[]): void;
}

export type Tell = (root: Root, method: string, params: object) => void;

export function createRoots(tell: Tell): Roots {
  const main = newRoot(undefined);
  const roots = new Map<string | undefined, Root>([[undefined, main]]);

  const toldOne = (root: Root, method: string, { params, info }: { params: object; info: TargetInfo }): void => {
    const { discover, known } = root;
    if (!discover || !matches(discover, info.type)) return;
    const isKnown = known.has(info.targetId);
    if (method === 'Target.targetCreated') {
      if (!isKnown) tell(root, method, params);
      known.add(info.targetId);
    } else if (method === 'Target.targetDestroyed') {
      if (known.delete(info.targetId)) tell(root, method, params);
    } else if (isKnown) {
      tell(root, method, params);
    }
  };

  return {
    main,
    get: (sessionId) => roots.get(sessionId),
    add() {
      const root = newRoot(randomBytes(16).toString('hex').toUpperCase());
      roots.set(root.sessionId, root);
      return root;
    },
    remove: (sessionId) => roots.delete(sessionId),
    attaching: (type) => [...roots.values()].find(({ auto }) => auto && matches(auto.filter, type)),
    told(method, params, info) {
      for (const root of roots.values()) toldOne(root, method, { params, info });
    },
    discover(root, filter, present) {
      root.discover = filter;
      root.known.clear();
      if (!filter) return;
      for (const info of [BROWSER_TARGET, ...present]) {
        toldOne(root, 'Target.targetCreated', { params: { targetInfo: info }, info });
      }
    },
  };
}

export function matches(filter: Filter, type: string): boolean {
  const entry = filter.find((one) => one.type === undefined || one.type === type);
  return entry !== undefined && !entry.exclude;
}

/** A client's: null when it makes no sense. */
export function filterOf({ filter }: Params): Filter | null {
  if (filter === undefined) return DEFAULT_FILTER;
  return Array.isArray(filter) && filter.every(isEntry) ? filter : null;
}

function isEntry(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null;
}

function newRoot(sessionId: string | undefined): Root {
  return { sessionId, auto: null, discover: null, known: new Set() };
}
