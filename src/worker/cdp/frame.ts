/**
 * What a frame from Chromium may hold. Pure types. `never`: whoever waits for it knows what it is and takes it as that.
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
