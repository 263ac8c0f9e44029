import type { AnswerPieces } from "../read/reading.js";

/** Longer ones are sent in pieces, which is not for brief reads. */
const ANSWER_CHARACTERS_MAX = 48 * 1024;
/** What is known of a collection counts less with every time that it kept a read from being brief, so that it is tried again. */
const FADING = 0.97;
const COLLECTIONS_MAX = 1_024;

/**
 * What a point takes in answers, by collection: one whose points are large is not read here only to find that the answer is long, and has to be
 * given another way.
 */
export class AnswerSizes {
  readonly #perPoint = new Map<string, number>();

  /** May an answer of so many points be a short one, as far as the last ones told? */
  mayBeShort(shard: string, points: number): boolean {
    const known = this.#perPoint.get(shard) ?? 0;
    if (known * points <= ANSWER_CHARACTERS_MAX) return true;
    this.#perPoint.set(shard, known * FADING);
    return false;
  }

  /** An answer of so many points at most has come to this. */
  note(shard: string, points: number, pieces: AnswerPieces): void {
    const length = pieces.reduce((sum: number, piece: string | Uint8Array) => sum + piece.length, 0);
    if (this.#perPoint.size >= COLLECTIONS_MAX && !this.#perPoint.has(shard)) this.#perPoint.clear();
    this.#perPoint.set(shard, length / Math.max(points, 1));
  }
}
