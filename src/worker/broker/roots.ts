/**
 * The browser as one client sees it: a root knows which targets the client has asked to be told of, and to be attached
 * to. A client has one root, and one more for each further session with the browser. In: what there is; out: what a
 * root is to be told. Runs in a worker thread.
 */
import { randomBytes } from 'node:crypto';
import type { TargetInfo } from '../cdp/frame.js';
import type { Params } from './methods.js';

/** As in Chromium, the first entry that fits a type decides. */
export type Filter = readonly { readonly type?: string; readonly exclude?: boolean }[];

export interface Root {
  /** Undefined for the root that is the connection itself. */
  readonly sessionId: string | undefined;
  auto: { readonly filter: Filter; readonly isPaused: boolean } | null;
  discover: Filter | null;
  /** Targets that it has been told of and that are still there. */
  readonly known: Set<string>;
}

/** All that a client sees of the browser as a target. */
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
  /** The root that is the connection itself. */
  readonly main: Root;
  get(sessionId: string | undefined): Root | undefined;
  /** Adds a further root. */
  add(): Root;
  /** False when there is no such root. */
  remove(sessionId: string): boolean;
  /** The root that has asked to be attached to targets of this type. */
  attaching(type: string): Root | undefined;
  /** Tells every root that wants to know. `method` is Chromium's. */
  told(method: string, params: object, info: TargetInfo): void;
  /** From now on the root is told of targets, beginning with those that are there. */
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

/** Reads a client's filter; null when it makes no sense. */
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
