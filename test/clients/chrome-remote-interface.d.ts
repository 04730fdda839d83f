/** As much of it as is used: it has no types of its own. */
declare module 'chrome-remote-interface' {
  interface Client {
    send(method: string, params: object, sessionId?: string): Promise<Readonly<Record<string, unknown>>>;
    close(): Promise<void>;
  }
  /** `local`: the protocol's description is its own. */
  export default function connect(options: { readonly target: string; readonly local: boolean }): Promise<Client>;
}
