const KEPT = 32;

/** What was refused, counted by reason, with the latest cases in words. */
export class Incidents {
  readonly #counts = new Map<string, number>();
  readonly #latest: string[] = [];

  note(reason: string, detail: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#latest.push(`${reason}: ${detail}`);
    if (this.#latest.length > KEPT) this.#latest.shift();
  }

  counts(): { readonly [reason: string]: number } {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  latest(): readonly string[] {
    return [...this.#latest];
  }
}
