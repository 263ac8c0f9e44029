import { type Interruption, MurmurationError, printJson, type Sliced } from "@murmuration/index";
import { pieceWeight, weightOf } from "../bodies/pieces.js";
import type { AnswerPieces } from "../read/reading.js";
import { answerMebibytesMax } from "./http-limits.js";
import { jsonTexts } from "./json-texts.js";

/** Characters that become bytes in one go. */
const PIECE_CHARACTERS = 64 * 1024;
const BYTES_MAX = answerMebibytesMax * 1024 * 1024;

/** The JSON text of an answer, written piece by piece: nothing of what it was made from is kept. */
export class JsonText {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  /** What is not in `#pieces` yet. */
  #open = "";

  /** Text that is JSON where it stands. */
  raw(text: string): void {
    this.#open += text;
    if (this.#open.length < PIECE_CHARACTERS) return;
    const piece = Buffer.from(this.#open);
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

  value(value: unknown): void {
    this.raw(printJson(value));
  }

  /** The same in slices, however large the value is. */
  *valueInSlices(value: unknown): Sliced<void> {
    for (const text of jsonTexts(value)) {
      this.raw(text);
      yield "pause";
    }
  }

  /** An array of what a read finds, each as it is rendered, large ones in slices. Returns what the read returns. */
  *list<Found, T>(
    read: (emit: (found: Found) => void) => Generator<Interruption, T, void>,
    render: (found: Found) => unknown,
  ): Sliced<T> {
    let separator = "[";
    // a read does not pause where it gives out: from a large one on, what it has given out is written when it does
    const waiting: unknown[] = [];
    const work = read((found) => {
      const rendered = render(found);
      if (waiting.length > 0 || weightOf(rendered, pieceWeight) > pieceWeight) {
        waiting.push(rendered);
        return;
      }
      this.raw(separator);
      this.value(rendered);
      separator = ",";
    });
    try {
      for (;;) {
        const step = work.next();
        if (step.done !== true) yield step.value;
        for (const rendered of waiting.splice(0)) {
          this.raw(separator);
          yield* this.valueInSlices(rendered);
          separator = ",";
        }
        if (step.done !== true) continue;
        this.raw(separator === "[" ? "[]" : "]");
        return step.value;
      }
    } finally {
      work.return(undefined as T);
    }
  }

  /** An array of what a read finds, each a short text of JSON. Returns what the read returns. */
  *printed<Found, T>(
    read: (emit: (found: Found) => void) => Generator<Interruption, T, void>,
    print: (found: Found) => string,
  ): Sliced<T> {
    let separator = "[";
    const result = yield* read((found) => {
      this.raw(separator + print(found));
      separator = ",";
    });
    this.raw(separator === "[" ? "[]" : "]");
    return result;
  }

  /** The text so far: a short one as it is, a long one in UTF-8. */
  pieces(): AnswerPieces {
    return this.#pieces.length === 0 ? [this.#open] : [...this.#pieces, Buffer.from(this.#open)];
  }
}
