/**
 * A page as the protocol shows it: commands to it, and the events that are used here. Pure types.
 */
import type { CDPSession } from 'playwright-core';

/** A session with a page, Playwright's or ours. It has only the events that are used here. */
export interface Cdp extends Pick<CDPSession, 'send'> {
  on(event: 'Page.lifecycleEvent', listener: (event: LifecycleEvent) => void): unknown;
  on(event: 'Page.frameNavigated', listener: (event: FrameEvent) => void): unknown;
  on(event: 'Page.domContentEventFired' | 'Page.loadEventFired', listener: () => void): unknown;
  on(event: 'Page.frameScheduledNavigation', listener: (event: ScheduledEvent) => void): unknown;
  on(event: 'Page.frameRequestedNavigation', listener: (event: RequestedEvent) => void): unknown;
  on(event: 'Page.frameStartedNavigating', listener: (event: StartedEvent) => void): unknown;
  on(event: FrameEndName, listener: (event: { readonly frameId: string }) => void): unknown;
  on(event: 'Page.javascriptDialogOpening', listener: (event: { readonly type: string }) => void): unknown;
  on(event: 'Network.responseReceived', listener: (event: ResponseEvent) => void): unknown;
  on(event: 'Network.loadingFailed', listener: (event: FailedEvent) => void): unknown;
  on(event: RequestEventName, listener: (event: { readonly requestId: string }) => void): unknown;
}

type RequestEventName = 'Network.requestWillBeSent' | 'Network.loadingFinished';

export interface FailedEvent {
  readonly requestId: string;
  readonly errorText: string;
  /** What was asked for: `Document` for a frame's document. */
  readonly type: string;
  /** True when something ended it from outside, such as a stop. */
  readonly canceled?: boolean;
}

type FrameEndName = 'Page.frameClearedScheduledNavigation' | 'Page.frameStoppedLoading';

interface ScheduledEvent {
  readonly frameId: string;
  /** In seconds. */
  readonly delay: number;
}

interface RequestedEvent {
  readonly frameId: string;
  /** Where it will be shown, such as `currentTab`. */
  readonly disposition: string;
}

interface StartedEvent {
  readonly frameId: string;
  readonly navigationType: string;
}

export interface LifecycleEvent {
  readonly frameId: string;
  readonly loaderId: string;
  readonly name: string;
}

/** A frame has a new document. */
export interface FrameEvent {
  readonly frame: { readonly id: string; readonly loaderId: string };
}

export interface ResponseEvent {
  readonly loaderId: string;
  readonly frameId?: string;
  readonly type: string;
  readonly response: {
    readonly url: string;
    readonly status: number;
    readonly statusText: string;
    readonly remoteIPAddress?: string;
    readonly remotePort?: number;
  };
}
