import * as Automerge from "@automerge/automerge";

/** Sorted hashes that name a set of changes. */
export type Heads = readonly string[];

const isSame = (a: Heads, b: Heads) => a.length === b.length && a.every((head, i) => head === b[i]);

export function headsOf<Stored>(document: Automerge.Doc<Stored>): Heads {
  return [...Automerge.getHeads(document)].sort();
}

/**
 * A document of Automerge that is changed in place: a copy for each change costs as much as all that is in it. The values that were read
 * from it stay as they were. Whoever wants it as it was at some heads gets it as it is when it is there, and else a copy.
 */
export class LiveDocument<Stored extends object> {
  #document: Automerge.Doc<Stored>;
  readonly #actor: string;
  /** Is there something in it that no heads name? */
  #isSpoilt = false;

  constructor(document: Automerge.Doc<Stored>, actor: string) {
    this.#document = document;
    this.#actor = actor;
  }

  isAt(heads: Heads): boolean {
    return !this.#isSpoilt && isSame(headsOf(this.#document), heads);
  }

  get document(): Automerge.Doc<Stored> {
    return this.#document;
  }

  /** A copy as of these heads, to be changed on its own. */
  copyAt(heads: Heads): LiveDocument<Stored> {
    const past = Automerge.view(this.#document, [...heads]);
    return new LiveDocument(Automerge.clone(past, { actor: this.#actor }), this.#actor);
  }

  /** Runs a change of the document; one that throws may have been made by half, and spoils it. */
  change(run: (document: Automerge.Doc<Stored>) => Automerge.Doc<Stored>): Automerge.Doc<Stored> {
    this.#isSpoilt = true;
    this.#document = run(this.#document);
    this.#isSpoilt = false;
    return this.#document;
  }
}
