import * as Automerge from "@automerge/automerge";
import type { Dot } from "../causality/dot.js";
import { limits } from "../limits.js";
import { generationOfGraph, isGraphKey } from "../operation/graph-key.js";
import { isPlanted } from "../planted.js";
import type { CatalogueCommand } from "./catalogue-command.js";
import { actorOf, checkChange, refuseCatalogue } from "./check-change.js";
import type { Catalogue, Collection } from "./collection.js";
import { collectionIdOf } from "./collection-id.js";
import { planEdit } from "./edits.js";
import { erasureKey, isErasureEntry, isReceiptOf } from "./erasure.js";
import { type Heads, headsOf, LiveDocument } from "./live-document.js";
import { whoseKeysAreForged } from "./member-keys.js";
import { type ReadCatalogue, readCatalogue, rememberSame } from "./read-catalogue.js";
import { catalogueFormatVersion, madeGraphKey, type StoredCatalogue, storedKey } from "./stored-catalogue.js";
import { forgottenGraph, nextGraphGeneration } from "./vector-graphs.js";
import { forgottenVector } from "./vector-incarnation.js";

type Document = Automerge.Doc<StoredCatalogue>;

/**
 * The empty catalogue: one change, the same for all replicas, so that their documents have one root and can merge. As it was saved: to load it
 * takes a quarter of the time that it takes to make it.
 */
const ROOT_DOCUMENT =
  "hW9Kg6cbiY8AjQEBEAAAAAAAAAAAAAAAAAAAAAABa7B8W6FBrbq96NgDkvxGKSukLbe0j5fpshWZBNg2efQGAQIDAhMCIwJAAlYCCBUcIQIjBDQBQgRWBFcBgAECfwB/AX8DfwB/AH8H" +
  "fQdhbGlhc2VzC2NvbGxlY3Rpb25zBmZvcm1hdAMAfwMCfwMCAH8BAgB/FAEDAAA=";
/** A clock in the change would make equal changes differ. */
const CHANGE_OPTIONS = { time: 0 };

/**
 * The catalogue as an Automerge document. Immutable: a change is planned here, travels as bytes, and is applied into a new value; the
 * old value stays as it was. Equal sets of changes, in any order, give equal `heads()` and an equal `read()`. Only valid entries are
 * read, so that every document can be: what cannot be read is named in `problems`, and a change that brings such a thing in is
 * refused before anything moves. What a change does not touch stays the same object in `read()`, and costs nothing.
 */
export class CatalogueDocument {
  /** As plain data of this very state: Automerge makes what a change touches anew. */
  readonly #document: Document;
  readonly #heads: Heads;
  readonly #read: ReadCatalogue;
  /** Where changes are made; it may have gone on since. */
  #live: LiveDocument<StoredCatalogue>;
  /** The change that was planned last, which is made in the live document already. */
  #planned:
    | { readonly change: Uint8Array; readonly live: LiveDocument<StoredCatalogue>; readonly heads: Heads }
    | undefined;

  private constructor(document: Document, live: LiveDocument<StoredCatalogue>) {
    const { format, collections, aliases } = document as Partial<StoredCatalogue>;
    if (format !== catalogueFormatVersion) refuseCatalogue(`format version ${String(format)} is not known`);
    if (typeof collections !== "object" || typeof aliases !== "object") refuseCatalogue("the document is damaged");
    this.#document = document;
    this.#heads = headsOf(document);
    this.#live = live;
    this.#read = readCatalogue(document);
  }

  /** The empty catalogue, edited by this replica. */
  static create(actorOrigin: number): CatalogueDocument {
    return CatalogueDocument.load(Buffer.from(ROOT_DOCUMENT, "base64"), actorOrigin);
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
    return new CatalogueDocument(document, new LiveDocument(document, actor));
  }

  save(): Uint8Array {
    return Automerge.save(this.#current().document);
  }

  /** Names the set of changes applied: equal sets, equal heads. Sorted hex hashes. */
  heads(): string[] {
    return [...this.#heads];
  }

  /** The catalogue as frozen plain data; the same object every time. */
  read(): Catalogue {
    return this.#read.catalogue;
  }

  /** What of the document is not valid, and therefore left out of `read()`; empty where all is well. */
  get problems(): readonly string[] {
    return this.#read.problems;
  }

  /** What is kept and not read, since a newer version may have written it. */
  get unread(): readonly string[] {
    return this.#read.unread;
  }

  /**
   * The change that a command makes, to be logged and then applied; `undefined` when there is nothing to do. Applies nothing.
   * `collectionId` is the id of the collection that the command makes, if it makes one: never used before, on any replica.
   * Errors: `already-exists`, `not-found`, `wrong-input`, `validation`, `format`, `capacity`.
   */
  plan(command: CatalogueCommand, collectionId: string): Uint8Array | undefined {
    const edit = planEdit(this.read(), command, collectionId);
    const live = this.#current();
    // made where it most likely stays: when it is not applied next, the live document is copied as it was before
    const edited = live.change((document) => Automerge.change(document, CHANGE_OPTIONS, edit));
    if (live.isAt(this.#heads)) return undefined;
    const change = Automerge.getLastLocalChange(edited) as Uint8Array;
    this.#planned = { change, live, heads: headsOf(edited) };
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
    this.#requireOwnErasures(after, dot);
    this.#requireOwnGraphs(after, dot.origin);
    const forged = whoseKeysAreForged(this.read(), after.read(), dot.origin);
    if (forged !== undefined && !isPlanted("keys-of-others-changed"))
      refuseCatalogue(`replica ${dot.origin} changes the keys of replica ${forged}`);
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
    if (problem !== undefined && !isPlanted("catalogue-unchecked")) refuseCatalogue(problem);
    this.#requireSameSpaces(after);
    this.#requireVectorNames(after);
    this.#requireSameErasures(after);
    return after;
  }

  /** Registers of a vector named like a graph would be another's. Those of a log of before this was refused stay as they are. */
  #requireVectorNames(after: CatalogueDocument): void {
    const before = this.read().collections;
    for (const [id, { vectors, deadVectors = [] }] of Object.entries(after.read().collections)) {
      if (before[id] !== undefined) continue;
      const name = [...Object.keys(vectors), ...deadVectors].find(isGraphKey);
      if (name === undefined) continue;
      refuseCatalogue(`a vector of collection ${id} is called ${JSON.stringify(name)}, as graphs are`);
    }
  }

  /** Who begins a graph makes it, and passes over no generation: all that its maker knew is known here. */
  #requireOwnGraphs(after: CatalogueDocument, origin: number): void {
    const before = this.read().collections;
    for (const [id, { graphs }] of Object.entries(after.read().collections)) {
      if (graphs === undefined || graphs === before[id]?.graphs) continue;
      for (const [vector, { key, by }] of Object.entries(graphs.building)) {
        const known: Pick<Collection, "graphs"> = before[id] ?? {};
        if (known.graphs?.building[vector]?.key === key) continue;
        if (generationOfGraph(key) > nextGraphGeneration(known, vector))
          refuseCatalogue(`the graph ${JSON.stringify(key)} of collection ${id} passes over generations`);
        const isNew = !this.#hasGraph(id, key);
        if (isNew && by !== origin) refuseCatalogue(`replica ${origin} begins a graph for replica ${by}`);
      }
    }
  }

  #hasGraph(id: string, key: string): boolean {
    return madeGraphKey(key) in (this.#document.collections[storedKey(id)] ?? {});
  }

  /** Nobody asks for an erasure under another's name, or says for another that it has nothing of it any more, be it of one that is still to come. */
  #requireOwnErasures(after: CatalogueDocument, dot: Dot): void {
    const own = collectionIdOf(dot);
    for (const key of Object.keys(after.#document)) {
      if (!isErasureEntry(key) || key in this.#document) continue;
      if (key === erasureKey(own) || isReceiptOf(key, dot.origin)) continue;
      refuseCatalogue(`operation ${own} writes ${JSON.stringify(key)}, which is another's`);
    }
  }

  /** What was asked for, and what was said of it, is never another, and goes only to make room. */
  #requireSameErasures(after: CatalogueDocument): void {
    const [old, next] = [this.#document, after.#document] as unknown as { readonly [key: string]: unknown }[];
    const isFull = (this.read().erasures?.length ?? 0) >= limits.erasuresMax;
    for (const key of Object.keys(old ?? {})) {
      if (!isErasureEntry(key) || (isFull && next?.[key] === undefined)) continue;
      if (String(old?.[key]) !== String(next?.[key])) refuseCatalogue(`${JSON.stringify(key)} is changed`);
    }
  }

  /**
   * The same for changes that stand in the log of this replica: entries that are not valid, of before they were refused, are left out of
   * `read()`. Throws `corrupt` for a damaged change.
   */
  restore(changes: readonly Uint8Array[]): CatalogueDocument {
    const planned = this.#planned;
    const isPlanned = changes.length === 1 && changes[0] === planned?.change;
    if (planned !== undefined && isPlanned && planned.live.isAt(planned.heads)) {
      return new CatalogueDocument(planned.live.document, planned.live);
    }
    const live = this.#current();
    const document = live.change((before) => {
      let after: Document;
      try {
        [after] = Automerge.applyChanges(before, [...changes]);
      } catch (cause) {
        return refuseCatalogue("a change is damaged", cause);
      }
      // Automerge would keep such a change aside in silence.
      if (Automerge.getMissingDeps(after, []).length > 0) refuseCatalogue("a change came before one that it builds on");
      return after;
    });
    return new CatalogueDocument(document, live);
  }

  /** The live document in this state. */
  #current(): LiveDocument<StoredCatalogue> {
    if (this.#live.isAt(this.#heads)) return this.#live;
    this.#live = this.#live.copyAt(this.#heads);
    rememberSame(this.#document, this.#live.document);
    return this.#live;
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
      const forgotten = forgottenVector(collection, other) ?? forgottenGraph(collection, other);
      if (forgotten !== undefined)
        refuseCatalogue(`vector ${JSON.stringify(forgotten)} of collection ${id} is forgotten`);
    }
  }
}
