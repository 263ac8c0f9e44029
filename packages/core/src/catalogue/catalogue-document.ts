import * as Automerge from "@automerge/automerge";
import type { Dot } from "../causality/dot.js";
import type { CatalogueCommand } from "../command/command.js";
import { actorOf, checkChange, refuseCatalogue } from "./check-change.js";
import type { Catalogue } from "./collection.js";
import { collectionIdOf } from "./collection-id.js";
import { planEdit } from "./edits.js";
import { type ReadCatalogue, readCatalogue } from "./read-catalogue.js";
import { catalogueFormatVersion, type StoredCatalogue, storedKey } from "./stored-catalogue.js";

type Document = Automerge.Doc<StoredCatalogue>;

/** Who makes the first change: the same for all replicas, so that their documents have one root and can merge. */
const ROOT_ACTOR = "00".repeat(16);
/** A clock in the change would make equal changes differ. */
const CHANGE_OPTIONS = { time: 0 };

/**
 * The catalogue as an Automerge document. Immutable: a change is planned here, travels as bytes, and is applied into a new value; the
 * old value stays as it was. Equal sets of changes, in any order, give equal `heads()` and an equal `read()`. Only valid entries are
 * read, so that every document can be: what cannot be read is named in `problems`, and a change that brings such a thing in is
 * refused before anything moves. What a change does not touch stays the same object in `read()`, and costs nothing.
 */
export class CatalogueDocument {
  readonly #document: Document;
  readonly #actor: string;
  readonly #read: ReadCatalogue;

  private constructor(document: Document, actor: string) {
    const { format, collections, aliases } = document as Partial<StoredCatalogue>;
    if (format !== catalogueFormatVersion) refuseCatalogue(`format version ${String(format)} is not known`);
    if (typeof collections !== "object" || typeof aliases !== "object") refuseCatalogue("the document is damaged");
    this.#document = document;
    this.#actor = actor;
    this.#read = readCatalogue(document);
  }

  /** The empty catalogue, edited by this replica. */
  static create(actorOrigin: number): CatalogueDocument {
    const root = Automerge.change(Automerge.init<StoredCatalogue>({ actor: ROOT_ACTOR }), CHANGE_OPTIONS, (stored) => {
      stored.format = catalogueFormatVersion;
      stored.collections = {};
      stored.aliases = {};
    });
    const actor = actorOf(actorOrigin);
    return new CatalogueDocument(Automerge.clone(root, { actor }), actor);
  }

  /** The catalogue of bytes made by `save`, edited by this replica. Throws `corrupt`. */
  static load(bytes: Uint8Array, actorOrigin: number): CatalogueDocument {
    const actor = actorOf(actorOrigin);
    let document: Document;
    try {
      document = Automerge.load<StoredCatalogue>(bytes, { actor });
    } catch (cause) {
      return refuseCatalogue("the document is damaged", cause);
    }
    return new CatalogueDocument(document, actor);
  }

  save(): Uint8Array {
    return Automerge.save(this.#document);
  }

  /** Names the set of changes applied: equal sets, equal heads. Sorted hex hashes. */
  heads(): string[] {
    return [...Automerge.getHeads(this.#document)].sort();
  }

  /** The catalogue as frozen plain data; the same object every time. */
  read(): Catalogue {
    return this.#read.catalogue;
  }

  /** What of the document is not valid, and therefore left out of `read()`; empty where all is well. */
  get problems(): readonly string[] {
    return this.#read.problems;
  }

  /**
   * The change that a command makes, to be logged and then applied; `undefined` when there is nothing to do. Applies nothing.
   * `collectionId` is the id of the collection that the command makes, if it makes one: never used before, on any replica.
   * Errors: `already-exists`, `not-found`, `wrong-input`, `validation`, `format`, `capacity`.
   */
  plan(command: CatalogueCommand, collectionId: string): Uint8Array | undefined {
    const edit = planEdit(this.read(), command, collectionId);
    const draft = Automerge.clone(this.#document, { actor: this.#actor });
    const headsBefore = Automerge.getHeads(draft);
    const edited = Automerge.change(draft, CHANGE_OPTIONS, edit);
    const isSame = Automerge.getHeads(edited).join() === headsBefore.join();
    const change = isSame ? undefined : Automerge.getLastLocalChange(edited);
    Automerge.free(edited);
    return change;
  }

  /**
   * The catalogue with the change that an operation brings. Throws `corrupt` for a change that is damaged or of another operation, and for
   * one that no replica writes: it brings in what is not valid, gives a collection other vectors, or makes one that is not its own.
   */
  receive(change: Uint8Array, dot: Dot): CatalogueDocument {
    checkChange(change, dot);
    const after = this.apply(change);
    const own = collectionIdOf(dot);
    const foreign = Object.keys(after.read().collections).find(
      (id) => id !== own && this.read().collections[id] === undefined,
    );
    if (foreign !== undefined) refuseCatalogue(`operation ${own} makes the collection ${JSON.stringify(foreign)}`);
    return after;
  }

  /**
   * The catalogue with changes applied, in the order given; those it has already change nothing. Throws `corrupt` for a damaged change, and
   * for one that brings in what is not valid or gives a collection other vectors.
   */
  apply(...changes: readonly Uint8Array[]): CatalogueDocument {
    const after = this.restore(changes);
    const known = new Set(this.problems);
    const problem = after.problems.find((one) => !known.has(one));
    if (problem !== undefined) refuseCatalogue(problem);
    this.#requireSameSpaces(after);
    return after;
  }

  /**
   * The same for changes that stand in the log of this replica: entries that are not valid, of before they were refused, are left out of
   * `read()`. Throws `corrupt` for a damaged change.
   */
  restore(changes: readonly Uint8Array[]): CatalogueDocument {
    let document = Automerge.clone(this.#document, { actor: this.#actor });
    try {
      [document] = Automerge.applyChanges(document, [...changes]);
    } catch (cause) {
      return refuseCatalogue("a change is damaged", cause);
    }
    // Automerge would keep such a change aside in silence.
    if (Automerge.getMissingDeps(document, []).length > 0)
      refuseCatalogue("a change came before one that it builds on");
    return new CatalogueDocument(document, this.#actor);
  }

  /** The maps of the document are made once, and the vectors of a collection with it: its graphs are made from them. */
  #requireSameSpaces(after: CatalogueDocument): void {
    const [old, next] = [this.#document, after.#document];
    for (const map of ["collections", "aliases"] as const) {
      if (Automerge.getObjectId(old[map]) !== Automerge.getObjectId(next[map])) refuseCatalogue(`${map} are replaced`);
    }
    const { collections } = after.read();
    for (const [id, collection] of Object.entries(this.read().collections)) {
      const other = collections[id];
      if (other === undefined || other === collection) continue;
      const key = storedKey(id);
      if (old.collections[key]?.vectors.val !== next.collections[key]?.vectors.val) {
        refuseCatalogue(`the vectors of collection ${id} are changed`);
      }
    }
  }
}
