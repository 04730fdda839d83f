/** polka 0.5.2 has no types; this is the part of it that is used. */
declare module 'polka' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface PolkaRequest extends IncomingMessage {
    readonly params?: Readonly<Record<string, string>>;
    readonly search?: string | null;
  }
  export type PolkaHandler = (request: PolkaRequest, response: ServerResponse) => void;
  export interface Polka {
    add(method: string, pattern: string, handler: PolkaHandler): this;
    all(pattern: string, handler: PolkaHandler): this;
    readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  }
  export default function polka(options: { onNoMatch: PolkaHandler }): Polka;
}
