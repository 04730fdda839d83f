/**
 * What a job makes of a page. Pure types.
 */

export interface Product {
  /** In a buffer of its own, which is moved to the main thread. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}
