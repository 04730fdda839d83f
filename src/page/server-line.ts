/**
 * The server's name, version and uptime. Asked for at each connection, because another server may answer at the same
 * address.
 */
import type { Api } from './api.js';
import { find, say } from './elements.js';
import { type Meta, metaOf } from './figures.js';
import { uptime } from './format.js';

interface ServerLine {
  /** Never rejects: without an answer the line stays as it is. */
  ask(): Promise<void>;
  show(nowMs: number): void;
}

export function createServerLine(api: Api, onHost: (host: string) => void): ServerLine {
  const line = find('server', HTMLParagraphElement);
  let meta: Meta | null = null;
  return {
    async ask() {
      try {
        meta = metaOf(await api.json('meta'));
        onHost(meta.host);
      } catch {
        // The route may be switched off. The stream notices a server that is gone.
      }
    },
    show(nowMs) {
      if (meta === null) return;
      const up = `up ${uptime(Math.max(nowMs - meta.startedAt, 0))}`;
      say(line, `${meta.host} · headcount ${meta.headcount} · ${up}`);
    },
  };
}
