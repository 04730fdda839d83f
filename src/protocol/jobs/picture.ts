/**
 * How large a picture may be. The edge asks, which knows what the body says, and so do workers, which see the page.
 * Beyond these bounds Chromium draws blanks, encodes nothing, or dies with everybody's sessions. Pure.
 *
 * Measured on Chromium 156: a png is right to its last row up to 500 000, and at 524 288 its end is blank. From 65 501
 * a jpeg has no bytes, and from 16 384 a webp. A picture of 125 million pixels is drawn; of 130 million the end is
 * blank.
 */
import { complaint } from './row.js';

/** In device pixels. */
const SIDE_MAX = { png: 500_000, jpeg: 65_500, webp: 16_383 } as const;
/** In device pixels; these take 400 MB in the renderer. */
const PIXELS_MAX = 100e6;
/** The greatest length of any picture, in CSS pixels. */
export const LENGTH_MAX = SIDE_MAX.png;

export type PictureType = keyof typeof SIDE_MAX;

/** In CSS pixels. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * `scale` is the number of device pixels on each side of a CSS pixel.
 * @throws {ServiceError} BAD_REQUEST with `key`
 */
export function checkPicture(key: string, type: PictureType, { width, height }: Size, scale: number): void {
  checkPixels(key, { width, height }, scale);
  if (Math.max(width, height) * scale > SIDE_MAX[type]) {
    throw complaint(key, `a ${type} has at most ${SIDE_MAX[type]} device pixels on a side`);
  }
}

/** @throws {ServiceError} BAD_REQUEST with `key` */
export function checkPixels(key: string, { width, height }: Size, scale: number): void {
  if (width * height * scale ** 2 > PIXELS_MAX) throw complaint(key, 'must be at most 100 million pixels');
}
