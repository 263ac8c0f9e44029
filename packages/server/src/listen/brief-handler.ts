import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Handler } from "../http/make-server.js";
import { type AnswerHeaders, bodyOf, type Observe } from "./brief-answer.js";
import type { BriefAnswer, BriefReads } from "./brief-reads.js";
import { type BriefRequest, briefRequest } from "./brief-request.js";

/** The fields of a request, names in lower case. */
function* fieldsOf({ rawHeaders }: IncomingMessage): Generator<[string, string]> {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    yield [(rawHeaders[i] as string).toLowerCase(), rawHeaders[i + 1] as string];
  }
}

/** What may be a brief read, by its head. What another thread has passed on was none there. */
function briefOf(request: IncomingMessage): BriefRequest | undefined {
  if (request.httpVersion !== "1.1" || !(request.socket instanceof Socket)) return undefined;
  return briefRequest(request.method ?? "", request.url ?? "", fieldsOf(request));
}

/** Calls back with the body when it has come whole, and leaves it there to be read. */
function peekBody(request: IncomingMessage, bytes: number, whole: (body: Buffer) => void): void {
  const look = () => {
    const body = request.read(bytes) as Buffer | null;
    if (body === null) return;
    request.off("readable", look);
    request.unshift(body);
    whole(body);
  };
  request.on("readable", look);
}

/**
 * Answers brief reads on connections that send other requests as well, after HTTP's parser and before everything else; what is none goes to the
 * next handler as it came.
 */
export function briefHandler(reads: BriefReads, headers: AnswerHeaders, observe: Observe, next: Handler): Handler {
  return (request, response) => {
    const brief = briefOf(request);
    if (brief === undefined || !reads.mayAnswer(brief)) {
      next(request, response);
      return;
    }
    const arrivedMs = performance.now();
    const answer = (body: Buffer | undefined) => {
      const done = (answer: BriefAnswer | undefined) => {
        if (response.destroyed) return;
        if (answer === undefined) {
          next(request, response);
          return;
        }
        const tookMs = performance.now() - arrivedMs;
        const sent = bodyOf(answer, tookMs, brief.encoding);
        response.writeHead(200, headers.fields(answer, sent));
        response.end(sent.content, sent.charset);
        observe(brief.path, tookMs, reads.slowOf(brief, answer, tookMs));
      };
      const isAbandoned = () => response.destroyed;
      // it was let in before its body was waited for
      const asked = { request: brief, body, isAdmitted: true, arrivedMs, isAbandoned, done };
      if (!reads.answer(asked)) done(undefined);
    };
    if (brief.bodyBytes === 0) answer(undefined);
    else peekBody(request, brief.bodyBytes, answer);
  };
}
