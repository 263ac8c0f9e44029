import {
  type Columns,
  isSameTextIndex,
  MurmurationError,
  type Payload,
  type PayloadIndexSchema,
  type WrittenColumn,
} from "@murmuration/index";
import { isPlanted } from "../planted.js";

/** Payload indexes as a collection has them: path → schema. */
export type PayloadIndexSchemas = { readonly [path: string]: PayloadIndexSchema };

/** A payload index for which there was no room. */
export interface IndexGivenUp {
  readonly path: string;
  readonly reason: string;
}

/** A column that readers do not use yet. */
interface Waiting {
  readonly column: WrittenColumn;
  /** What is left to be done; `undefined`: it is complete. */
  work: Generator<void, void, void> | undefined;
}

/** Over tables of at most so many rows, an index is built at once. */
const ROWS_AT_ONCE = 4_096;

/**
 * Keeps the columns of a table those of its collection's payload indexes. A new one is built in slices between groups, and shown with a group;
 * until then readers look at payloads. One for which there is no room is given up: it stays without a column until it is made anew.
 */
export class PayloadColumns {
  readonly #columns: Columns;
  readonly #payloadOf: (row: number) => Payload;
  readonly #waiting = new Map<string, Waiting>();
  readonly #givenUp = new Map<string, { readonly schema: PayloadIndexSchema; readonly error: MurmurationError }>();
  /** Paths of columns that were made for the group in work. */
  #madeInGroup: string[] = [];
  #shownInGroup: string[] = [];
  #hidesInGroup = false;
  #emptying: Generator<void, void, void> | undefined;

  /** `payloadOf` gives the payload of a row that is visible now. */
  constructor(columns: Columns, payloadOf: (row: number) => Payload) {
    this.#columns = columns;
    this.#payloadOf = payloadOf;
  }

  /** Payload indexes without room. */
  givenUp(): IndexGivenUp[] {
    return Array.from(this.#givenUp, ([path, { error }]) => ({ path, reason: error.message }));
  }

  /** How far the index on a path is that the collection has: readers use it, or it is to be built and shown, or why it was given up. */
  progressOf(path: string): "shown" | "building" | MurmurationError {
    const givenUp = this.#givenUp.get(path);
    if (givenUp !== undefined) return givenUp.error;
    return this.#waiting.has(path) || this.#columns.on(path) === undefined ? "building" : "shown";
  }

  /** Paths of the indexes that readers use. */
  shownPaths(): string[] {
    return this.#columns.shown().map(({ path }) => path.text);
  }

  /** Has an index to be built or shown, or memory of dropped ones to be given back? */
  get hasWork(): boolean {
    return this.#waiting.size > 0 || this.#isEmptying;
  }

  get #isEmptying(): boolean {
    return this.#emptying !== undefined || this.#columns.hasDropped;
  }

  /**
   * Before a group: begin the columns that are wanted, and abandon those that are not any more. Over a small table they are built at once. Throws
   * `capacity` when there is no room, or, with `givesUp`, gives such an index up.
   */
  follow(wanted: PayloadIndexSchemas, rowCount: number, givesUp: boolean): void {
    for (const [path, { column }] of this.#waiting) if (!isWanted(wanted, column)) this.#abandon(path);
    for (const [path, { schema }] of this.#givenUp) {
      if (!isSchema(wanted[path], schema)) this.#givenUp.delete(path);
    }
    for (const [path, schema] of Object.entries(wanted)) {
      const shown = this.#columns.on(path);
      if (this.#waiting.has(path) || this.#givenUp.has(path) || (shown && isSchema(schema, shown.schema))) continue;
      try {
        const column = this.#columns.create(path, schema);
        this.#madeInGroup.push(path);
        const waiting: Waiting = { column, work: this.#columns.build(column, this.#payloadOf) };
        this.#waiting.set(path, waiting);
        if (rowCount <= ROWS_AT_ONCE) this.#build(waiting, Number.POSITIVE_INFINITY);
      } catch (error) {
        if (this.#waiting.has(path)) this.#abandon(path);
        if (!(givesUp && isFull(error)) && !isUnreadable(error)) throw error;
        this.#note(path, schema, error);
      }
    }
  }

  /** Within a group: show what is complete, and hide what is not wanted. */
  beginGroup(wanted: PayloadIndexSchemas): void {
    for (const column of isPlanted("dropped-column-stays") ? [] : this.#columns.shown()) {
      if (!isWanted(wanted, column) || this.#givenUp.has(column.path.text)) {
        this.#columns.hide(column);
        this.#hidesInGroup = true;
      }
    }
    for (const [path, { column, work }] of this.#waiting) {
      if (work !== undefined) continue;
      this.#columns.show(column);
      this.#shownInGroup.push(path);
    }
  }

  /** Do readers use other columns with the group in work than before? */
  get areOthersInGroup(): boolean {
    return this.#hidesInGroup || this.#shownInGroup.length > 0;
  }

  /** Within a group: enter a row. Throws `capacity`: then the group is to be taken back. */
  enter(row: number, point: { readonly payload: Payload }): void {
    // a payload is read where it is asked for
    if (!this.#columns.isEmpty) this.#columns.enter(row, point.payload);
  }

  published(): void {
    this.#columns.published();
    for (const path of this.#shownInGroup) this.#waiting.delete(path);
    this.#endGroup();
  }

  takenBack(): void {
    this.#columns.takenBack();
    // made of states that may be taken back as well
    for (const path of this.#madeInGroup) if (this.#waiting.has(path)) this.#abandon(path);
    this.#endGroup();
  }

  #endGroup(): void {
    this.#madeInGroup = [];
    this.#shownInGroup = [];
    this.#hidesInGroup = false;
  }

  /** Payloads that could not be read can be: indexes that were given up for one are made after all. */
  payloadsMended(): void {
    for (const [path, { error }] of this.#givenUp) if (isUnreadable(error)) this.#givenUp.delete(path);
  }

  /**
   * Give up the index for which there was no room, as an error says, or every one that is wanted for a payload that cannot be read. False: it says
   * something else, or the index is given up already.
   */
  giveUp(wanted: PayloadIndexSchemas, error: unknown): boolean {
    if (isUnreadable(error)) return this.#giveUpAll(wanted, error);
    if (!isFull(error) || error.field === undefined || this.#givenUp.has(error.field)) return false;
    const path = error.field;
    const schema = this.#waiting.get(path)?.column.schema ?? this.#columns.on(path)?.schema;
    if (schema === undefined) return false;
    if (this.#waiting.has(path)) this.#abandon(path);
    this.#note(path, schema, error);
    return true;
  }

  #giveUpAll(wanted: PayloadIndexSchemas, error: MurmurationError): boolean {
    const left = Object.entries(wanted).filter(([path]) => !this.#givenUp.has(path));
    for (const [path, schema] of left) {
      if (this.#waiting.has(path)) this.#abandon(path);
      this.#note(path, schema, error);
    }
    return left.length > 0;
  }

  /**
   * Between groups, when rows are those of the points: go on for so many steps with building what is wanted and with giving back what is dropped.
   * Returns the steps that are left. A column that is complete is shown with the next group.
   */
  goOn(steps: number): number {
    let left = steps;
    for (const [path, waiting] of this.#waiting) {
      if (left === 0) return 0;
      try {
        left = this.#build(waiting, left);
      } catch (error) {
        this.#abandon(path);
        if (!isFull(error) && !isUnreadable(error)) throw error;
        this.#note(path, waiting.column.schema, error);
      }
    }
    while (left > 0 && this.#isEmptying) {
      this.#emptying ??= this.#columns.emptyDropped();
      if (this.#emptying.next().done === true) {
        this.#emptying = undefined;
        // readers may still use what is left
        return left - 1;
      }
      left--;
    }
    return left;
  }

  /** Is a column complete that readers do not use yet? */
  get hasToShow(): boolean {
    for (const { work } of this.#waiting.values()) if (work === undefined) return true;
    return false;
  }

  #build(waiting: Waiting, steps: number): number {
    let left = steps;
    for (; waiting.work !== undefined && left > 0; left--) {
      if (waiting.work.next().done === true) waiting.work = undefined;
    }
    return left;
  }

  #abandon(path: string): void {
    const waiting = this.#waiting.get(path);
    this.#waiting.delete(path);
    if (waiting !== undefined) this.#columns.abandon(waiting.column);
  }

  #note(path: string, schema: PayloadIndexSchema, error: MurmurationError): void {
    this.#givenUp.set(path, { schema, error });
  }
}

function isWanted(wanted: PayloadIndexSchemas, { path, schema }: WrittenColumn): boolean {
  return Object.hasOwn(wanted, path.text) && isSchema(wanted[path.text], schema);
}

/** Do both make the same column? What users gave as parameters is of no interest to it. */
function isSchema(a: PayloadIndexSchema | undefined, b: PayloadIndexSchema): boolean {
  if (a === undefined || a.kind !== b.kind) return false;
  if (a.kind === "text") return isSameTextIndex(a, b);
  return a.kind !== "integer" || ((a.lookup ?? true) === (b.lookup ?? true) && (a.range ?? true) === (b.range ?? true));
}

function isFull(error: unknown): error is MurmurationError {
  return error instanceof MurmurationError && error.code === "capacity";
}

/** A payload could not be read from the disk: without it the index would not find the point. */
function isUnreadable(error: unknown): error is MurmurationError {
  return error instanceof MurmurationError && (error.code === "corrupt" || error.code === "storage");
}
