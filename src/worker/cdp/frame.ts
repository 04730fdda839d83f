/**
 * What a frame from Chromium may hold. Pure types. `never`: whoever asked for it knows its type.
 */
export interface Frame {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: never;
  readonly result?: never;
  readonly error?: { readonly message: string };
}

/** Of `Target.attachedToTarget`. */
export interface AttachedParams {
  readonly sessionId: string;
  readonly targetInfo: TargetInfo;
  readonly waitingForDebugger?: boolean;
}

export interface TargetInfo {
  readonly targetId: string;
  readonly type: string;
  readonly url: string;
  readonly browserContextId?: string;
}
