import { type ContentEncoding, compressed, compressedBytesMin } from "../http/content-encoding.js";
import { successBegin, successEnd } from "../http/envelope.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { serverTimingText } from "../request-timing.js";
import type { SlowQuery } from "../slow-queries.js";
import type { BriefAnswer } from "./brief-reads.js";

/** A brief read was answered, with 200, after so many milliseconds; with how, where that was slow. */
export type Observe = (path: string, elapsedMs: number, slow: SlowQuery | undefined) => void;

/** A body as it is sent. */
export interface SentBody {
  /** A text is sent as `charset` says. */
  readonly content: string | Buffer;
  readonly charset: "latin1" | "utf8";
  readonly bytes: number;
  readonly encoding: ContentEncoding | undefined;
}

/** The body of an answer, compressed where it is long and the client takes it. */
export function bodyOf({ result }: BriefAnswer, elapsedMs: number, encoding: ContentEncoding | undefined): SentBody {
  const content = successBegin + result + successEnd(elapsedMs);
  const bytes = Buffer.byteLength(content);
  if (encoding !== undefined && bytes >= compressedBytesMin) {
    const smaller = compressed(content, encoding);
    return { content: smaller, charset: "latin1", bytes: smaller.length, encoding };
  }
  // ASCII, as most answers are, is written the quickest
  return { content, charset: bytes === content.length ? "latin1" : "utf8", bytes, encoding: undefined };
}

/** Fields in turns of names and values, and the same as lines. */
interface Fixed {
  readonly fields: readonly string[];
  readonly text: string;
}

/** The fields of answers, but for those about the connection and the time. */
export class AnswerHeaders {
  readonly #plain: Fixed;
  /** Of what is compressed: that it depends on what the client takes is said where it is said already that it depends on something. */
  readonly #varying: Fixed;
  readonly #isVaryFixed: boolean;

  /** `fixed`: names and values in turns, with which all answers begin. */
  constructor(fixed: readonly string[]) {
    this.#isVaryFixed = fixed[0] === "vary";
    const varying = this.#isVaryFixed ? ["vary", `${fixed[1]}, accept-encoding`, ...fixed.slice(2)] : fixed;
    this.#plain = { fields: fixed, text: textOf(fixed) };
    this.#varying = { fields: varying, text: textOf(varying) };
  }

  /** Names and values in turns. */
  fields(answer: BriefAnswer, body: SentBody): string[] {
    return [...this.#fixedOf(body).fields, ...this.#ofAnswer(answer, body)];
  }

  /** Lines. */
  text(answer: BriefAnswer, body: SentBody): string {
    return this.#fixedOf(body).text + textOf(this.#ofAnswer(answer, body));
  }

  #fixedOf({ encoding }: SentBody): Fixed {
    return encoding === undefined ? this.#plain : this.#varying;
  }

  #ofAnswer({ token, settled, timing, isTimed }: BriefAnswer, { bytes, encoding }: SentBody): string[] {
    const fields = [murmurHeaders.token, token];
    if (settled !== undefined) fields.push(murmurHeaders.settled, String(settled));
    if (isTimed) fields.push("server-timing", serverTimingText(timing?.parts(performance.now()) ?? []));
    fields.push("content-type", "application/json; charset=utf-8");
    if (encoding !== undefined && !this.#isVaryFixed) fields.push("vary", "accept-encoding");
    if (encoding !== undefined) fields.push("content-encoding", encoding);
    fields.push("content-length", String(bytes));
    return fields;
  }
}

function textOf(fields: readonly string[]): string {
  let text = "";
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}
