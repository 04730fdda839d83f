/**
 * The part that is used here; the package has no types.
 */
declare module 'chrome-remote-interface' {
  interface Client {
    send(method: string, params: object, sessionId?: string): Promise<Readonly<Record<string, unknown>>>;
    close(): Promise<void>;
  }
  /** `local`: the client uses its own description of the protocol. */
  export default function connect(options: { readonly target: string; readonly local: boolean }): Promise<Client>;
}
