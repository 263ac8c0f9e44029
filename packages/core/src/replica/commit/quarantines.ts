import { MurmurationError } from "@murmuration/index";

/** A shard whose state is not known: its log cannot be applied, or an operation was applied by half. */
export interface Quarantine {
  readonly shard: string;
  /** Name of its collection when it was found. */
  readonly collection: string;
  readonly reason: string;
  /** Log position up to which it could be applied. */
  readonly position: number;
}

/** Why reads and writes of a quarantined shard are refused. */
export function refusalOf({ collection, reason, position }: Quarantine): string {
  const what =
    collection === "" ? "changes of collections and aliases are refused" : `collection ${collection} is quarantined`;
  return `${what}: ${reason} (log position ${position}); see "Quarantine" in docs/operations.md`;
}

/** The shards of a replica that are not served, and why. */
export class Quarantines {
  readonly #shards: Map<string, Quarantine>;

  constructor(found: Iterable<Quarantine> = []) {
    this.#shards = new Map(Array.from(found, (one) => [one.shard, one]));
  }

  get(shard: string): Quarantine | undefined {
    return this.#shards.get(shard);
  }

  has(shard: string): boolean {
    return this.#shards.has(shard);
  }

  list(): Quarantine[] {
    return [...this.#shards.values()];
  }

  add(quarantine: Quarantine): void {
    this.#shards.set(quarantine.shard, quarantine);
  }

  delete(shard: string): void {
    this.#shards.delete(shard);
  }

  /** Throws `unavailable` for a shard that is quarantined. */
  refuse(shard: string): void {
    const quarantine = this.#shards.get(shard);
    if (quarantine !== undefined) throw new MurmurationError("unavailable", refusalOf(quarantine));
  }
}
