const KEPT = 32;
const DETAIL_CHARACTERS_MAX = 300;

/** Something that was refused or went wrong, as often as it was told in the same words. */
export interface Incident {
  readonly reason: string;
  readonly detail: string;
  readonly times: number;
  /** By this replica's clock, when it was told first and last. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What was refused, counted by reason, with the latest cases in words. */
export class Incidents {
  readonly #counts = new Map<string, number>();
  /** By their words, the one told last at the end. */
  readonly #latest = new Map<string, Incident>();

  /** `reason` is one of a few; `text` may hold whatever a stranger sends. */
  note(reason: string, text: string, nowMs: number): void {
    const detail = text.length > DETAIL_CHARACTERS_MAX ? `${text.slice(0, DETAIL_CHARACTERS_MAX)}…` : text;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    const words = `${reason}: ${detail}`;
    const before = this.#latest.get(words);
    this.#latest.delete(words);
    const { times, firstMs } = before ?? { times: 0, firstMs: nowMs };
    this.#latest.set(words, { reason, detail, times: times + 1, firstMs, lastMs: nowMs });
    const [oldest] = this.#latest.keys();
    if (this.#latest.size > KEPT && oldest !== undefined) this.#latest.delete(oldest);
  }

  counts(): { readonly [reason: string]: number } {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The latest, in the order in which they were told last. */
  latest(): readonly Incident[] {
    return [...this.#latest.values()];
  }
}
