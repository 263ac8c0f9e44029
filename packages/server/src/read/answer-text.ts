import { MurmurationError } from "@murmuration/index";
import { answerMebibytesMax } from "../http/http-limits.js";
import type { AnswerPieces } from "./reading.js";

/** Characters that become bytes in one go; an answer of fewer is handed over as it is. */
const PIECE_CHARACTERS = 64 * 1024;
const BYTES_MAX = answerMebibytesMax * 1024 * 1024;
const utf8 = new TextEncoder();

/** The JSON text of an answer, written piece by piece: nothing of what it was made from is kept. */
export class AnswerText {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** What is not in `#pieces` yet. */
  #open = "";

  /** Throws `bad-request` beyond the bound of an answer. */
  put(text: string): void {
    this.#open += text;
    if (this.#open.length >= PIECE_CHARACTERS) this.#cut();
  }

  /** All of it. */
  pieces(): AnswerPieces {
    if (this.#pieces.length === 0) return [this.#open];
    if (this.#open !== "") this.#cut();
    return this.#pieces;
  }

  #cut(): void {
    const piece = utf8.encode(this.#open);
    this.#open = "";
    this.#bytes += piece.length;
    this.#pieces.push(piece);
    if (this.#bytes <= BYTES_MAX) return;
    throw new MurmurationError(
      "bad-request",
      `the answer is larger than ${answerMebibytesMax} MiB: ask for fewer points (limit), or for less of each (with_payload, with_vector)`,
      "limit",
    );
  }
}
