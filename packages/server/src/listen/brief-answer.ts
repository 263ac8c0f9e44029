import { successBegin, successEnd } from "../http/envelope.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import type { BriefAnswer } from "./brief-reads.js";

/** A brief read was answered, with 200, after so many milliseconds. */
export type Observe = (path: string, elapsedMs: number) => void;

/** The text of an answer, in printable ASCII. */
export function bodyOf({ result }: BriefAnswer, elapsedMs: number): string {
  return successBegin + result + successEnd(elapsedMs);
}

/** The fields of answers, but for those about the connection and the time. */
export class AnswerHeaders {
  readonly #fixed: readonly string[];
  readonly #fixedText: string;

  /** `fixed`: names and values in turns, with which all answers begin. */
  constructor(fixed: readonly string[]) {
    this.#fixed = fixed;
    this.#fixedText = textOf(fixed);
  }

  /** Names and values in turns. */
  fields(answer: BriefAnswer, bodyBytes: number): string[] {
    return [...this.#fixed, ...ofAnswer(answer, bodyBytes)];
  }

  /** Lines. */
  text(answer: BriefAnswer, bodyBytes: number): string {
    return this.#fixedText + textOf(ofAnswer(answer, bodyBytes));
  }
}

function ofAnswer({ token, settled }: BriefAnswer, bodyBytes: number): string[] {
  const fields = [murmurHeaders.token, token];
  if (settled !== undefined) fields.push(murmurHeaders.settled, String(settled));
  fields.push("content-type", "application/json; charset=utf-8", "content-length", String(bodyBytes));
  return fields;
}

function textOf(fields: readonly string[]): string {
  let text = "";
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}
