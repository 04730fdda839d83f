/**
 * One HTTP request on a connection of its own, so that no answer depends on an earlier one; the body comes as bytes.
 * And the bound on the time of each answer in these tests.
 */

import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { deadline } from '../deadline.js';

const ANSWER_MS = 45_000;

export interface Question {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Aborting it closes the connection, and `ask` rejects. */
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export async function ask(url: string, question: Question = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body = '', signal } = question;
  const answer = new Promise<Answer>((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false, ...(signal ? { signal } : {}) }, (response) => {
      const { statusCode = 0, headers: answered } = response;
      buffer(response).then((bytes) => resolve({ status: statusCode, headers: answered, body: bytes }), reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
  return await deadline(answer, ANSWER_MS, `an answer to ${method} ${url}`);
}
