import * as Automerge from "@automerge/automerge";
import { assert, MurmurationError } from "@murmuration/index";
import { isOrigin } from "../causality/dot.js";
import type { CatalogueCommand } from "../command/command.js";
import type { Catalogue } from "./collection.js";
import { planEdit } from "./edits.js";
import { catalogueFormatVersion, readStored, type StoredCatalogue } from "./stored-catalogue.js";

type Document = Automerge.Doc<StoredCatalogue>;

/** Who makes the first change: the same for all replicas, so that their documents have one root and can merge. */
const ROOT_ACTOR = "00".repeat(16);
const ACTOR_PREFIX = "4d75726d".padEnd(24, "0");
/** A clock in the change would make equal changes differ. */
const CHANGE_OPTIONS = { time: 0 };

/** The actor of a replica. */
function actorOf(origin: number): string {
  assert(isOrigin(origin), "the catalogue is edited by a replica");
  return ACTOR_PREFIX + origin.toString(16).padStart(8, "0");
}

function refuseDocument(problem: string, cause?: unknown): never {
  throw new MurmurationError("corrupt", `catalogue: ${problem}`, undefined, cause);
}

/**
 * The catalogue as an Automerge document. Immutable: a change is planned here, travels as bytes, and is applied into a new value; the
 * old value stays as it was. Equal sets of changes, in any order, give equal `heads()` and an equal `read()`.
 */
export class CatalogueDocument {
  readonly #document: Document;
  readonly #actor: string;
  #catalogue: Catalogue | undefined;

  private constructor(document: Document, actor: string) {
    this.#document = document;
    this.#actor = actor;
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
      return refuseDocument("the document is damaged", cause);
    }
    return new CatalogueDocument(checked(document), actor);
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
    this.#catalogue ??= readStored(this.#document);
    return this.#catalogue;
  }

  /**
   * The change that a command makes, to be logged and then applied; `undefined` when there is nothing to do. Applies nothing.
   * `collectionId` is the id of the collection that the command makes, if it makes one: never used before, on any replica.
   * Errors: `already-exists`, `not-found`, `wrong-input`, `validation`, `capacity`.
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

  /** The catalogue with changes applied, in the order given; those it has already change nothing. Throws `corrupt`. */
  apply(...changes: readonly Uint8Array[]): CatalogueDocument {
    let document = Automerge.clone(this.#document, { actor: this.#actor });
    try {
      [document] = Automerge.applyChanges(document, [...changes]);
    } catch (cause) {
      return refuseDocument("a change is damaged", cause);
    }
    // Automerge would keep such a change aside in silence.
    if (Automerge.getMissingDeps(document, []).length > 0) refuseDocument("a change came before one that it builds on");
    return new CatalogueDocument(checked(document), this.#actor);
  }
}

function checked(document: Document): Document {
  const { format, collections, aliases } = document as Partial<StoredCatalogue>;
  if (format !== catalogueFormatVersion) refuseDocument(`format version ${format} is not known`);
  if (typeof collections !== "object" || typeof aliases !== "object") refuseDocument("the document is damaged");
  return document;
}
