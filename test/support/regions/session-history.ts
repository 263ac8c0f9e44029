/** What one session has written and read of points that each have one writer, whose turns grow; says what no session may see. */
export class SessionHistory {
  readonly #name: string;
  /** Id → the latest turn that this session wrote or read. */
  readonly #seen = new Map<number, { readonly turn: number; readonly how: "wrote" | "read" }>();

  constructor(name: string) {
    this.#name = name;
  }

  /** A write of this session was acknowledged. */
  noteWrite(id: number, turn: number): void {
    this.#seen.set(id, { turn, how: "wrote" });
  }

  /** A read has shown a point; without a turn: that it is not there. Returns which promise that breaks, if it breaks one. */
  noteRead(id: number, turn: number | undefined, where: string): string | undefined {
    const before = this.#seen.get(id);
    if (before !== undefined && (turn ?? -1) < before.turn) {
      const promise = before.how === "wrote" ? "read your writes" : "monotonic reads";
      const shown = turn === undefined ? "is not there" : `is of turn ${turn}`;
      return `${promise}: point ${id} ${shown} in ${where}; session ${this.#name} ${before.how} turn ${before.turn} before`;
    }
    if (turn !== undefined && turn !== before?.turn) this.#seen.set(id, { turn, how: "read" });
    return undefined;
  }
}
