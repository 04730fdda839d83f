/**
 * A client as `commands.ts` sees it: what it owns, and what may be done to that. Runs in a worker thread.
 */
import type { Emulation } from '../../protocol/cdp.js';
import type { Sender } from '../cdp/calls.js';
import type { RawAccess } from '../cdp/connection.js';
import { type Attaching, PAGES_MAX } from './attaching.js';
import { NotAllowed, noContext, type Principal } from './commands.js';
import type { ClientContexts } from './contexts.js';
import type { Downloads } from './downloads.js';
import type { Params } from './methods.js';
import { CLOSE, type Peer } from './peer.js';
import type { Roots } from './roots.js';

export interface PrincipalParts {
  readonly own: Sender;
  readonly version: object;
  readonly contexts: ClientContexts;
  readonly attaching: Attaching;
  readonly roots: Roots;
  readonly downloads: Downloads;
  readonly peer: Peer;
  readonly raw: RawAccess;
  readonly windowSize: Emulation['windowSize'];
}

export function createPrincipal(parts: PrincipalParts): Principal {
  const { own, version, contexts, attaching, roots, downloads, peer, raw, windowSize } = parts;
  const contextOf = (targetId: string | undefined): string | undefined =>
    attaching.targets().find((target) => target.targetId === targetId)?.browserContextId;
  /** Pages that are being made. */
  const opening = new Set<Promise<object>>();
  return {
    own,
    version,
    windows: new Set(),
    targets: attaching.targets,
    contextIds: contexts.ids,
    contextId(id, held) {
      if (id === undefined) return contextOf(held?.targetId) ?? contexts.defaultId;
      if (!contexts.has(id)) throw noContext(id);
      return id;
    },
    createContext: contexts.open,
    disposeContext: contexts.dispose,
    async createTarget(params) {
      // Chromium tells of a page before it answers, so one that is being made may be counted twice until then.
      while (opening.size > 0 && attaching.pageCount() + opening.size >= PAGES_MAX) await Promise.allSettled(opening);
      if (attaching.pageCount() >= PAGES_MAX) throw new NotAllowed(`at most ${PAGES_MAX} pages`);
      const one = own.send('Target.createTarget', { ...windowSize, ...params } as Params & { url: string });
      opening.add(one);
      try {
        return await one;
      } finally {
        opening.delete(one);
      }
    },
    discover: (root, filter) => roots.discover(root, filter, attaching.targets()),
    autoAttach: attaching.autoAttach,
    // The table in `methods.ts` has let these keys through, and Chromium checks their types.
    autoAttachWithin: (sessionId, params) =>
      raw.sender(sessionId).send('Target.setAutoAttach', params as unknown as { autoAttach: boolean } & AutoAttach),
    addRoot: attaching.addRoot,
    attach: attaching.attach,
    detach: attaching.detach,
    downloads,
    // The answer to `Browser.close` is sent first.
    leave: () => setImmediate(() => peer.end(CLOSE.normal, null)),
  };
}

interface AutoAttach {
  readonly waitForDebuggerOnStart: boolean;
}
