import { MurmurationError, type ReadExactly } from "@murmuration/index";
import { servingKey } from "../../catalogue/vector-incarnation.js";
import type { LogWriter, OpLog } from "../../log/op-log.js";
import { vectorOfGraph } from "../../operation/graph-key.js";
import type { Operation } from "../../operation/operation.js";
import { pointsOf } from "../../operation/points-of.js";
import type { NewTableSeed } from "../../state/read-model.js";
import type { WritableShard } from "../../state/writable-shard.js";

/** Changes when rows come to say something else than before. */
const VERSION = 1;

/** Newest images of tables. It is told why one could not be used. */
export interface TableImageSource {
  openTable(shard: string): ReadExactly | undefined;
  refusedTable(shard: string, error: MurmurationError): void;
}

/** What the note of a table's image says: what else is of the same time. */
interface TableNote {
  readonly version: number;
  /** Log position up to which the rows are those of the points. */
  readonly position: number;
  /** Which images of the graphs number nodes as the rows do, by vector name. */
  readonly graphs: { readonly [vector: string]: string };
  /** How often points were changed without an operation: `mendedSetting`. */
  readonly mended?: string | undefined;
}

/** Setting of the log: counts the changes of a shard's points that no operation says. Images of before are not of these points. */
function mendedSetting(shard: string): string {
  return `mended.${shard}`;
}

/** Within the transaction that changes points without an operation: images of before are of no use. */
export function noteMended(writer: LogWriter, log: OpLog, shard: string): void {
  writer.putSetting(mendedSetting(shard), another(log, shard));
}

/** What the setting says, empty for a shard without one; `undefined`: it cannot be read. */
function mendedOf(log: OpLog, shard: string): string | undefined {
  try {
    return log.setting(mendedSetting(shard)) ?? "";
  } catch {
    return undefined;
  }
}

/** A text that the setting has never had. */
function another(log: OpLog, shard: string): string {
  const before = mendedOf(log, shard);
  // what it was is not to be known: no count from 0 on has a fraction
  return String(before === undefined ? log.lastPosition() + 0.5 : Number(before) + 1);
}

/** The note of a table's image, `graphs` being the tokens of the images of its graphs by vector name. */
export function tableNote(log: OpLog, shard: string, position: number, graphs: ReadonlyMap<string, string>): string {
  const mended = mendedOf(log, shard);
  const note: TableNote = { version: VERSION, position, graphs: Object.fromEntries(graphs), mended };
  return JSON.stringify(note);
}

/** A graph that was restored from an image: its token, and where in the log it stands. */
export interface ImagedGraph {
  readonly token: string | undefined;
  readonly position: number;
}

/**
 * Take a shard's rows from their image, if there is one that is of the same time as the images of all of its graphs, which number the nodes.
 * Returns the log position at which it stands: points that operations behind it touch are to be noted (`noteTouched`).
 */
export function loadTable(
  log: OpLog,
  { shard, rows }: WritableShard,
  graphs: ReadonlyMap<string, ImagedGraph>,
  images: TableImageSource | undefined,
  newSeed: NewTableSeed,
): number | undefined {
  const read = rows.hasImages ? images?.openTable(shard.id) : undefined;
  if (read === undefined || graphs.size === 0) return undefined;
  let position = Number.NaN;
  try {
    rows.load(read, newSeed, (text) => {
      const note = JSON.parse(text) as Partial<TableNote>;
      position = note.position ?? Number.NaN;
      requireSameTime(note, log, shard.id, graphs);
    });
    return position;
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
    images?.refusedTable(shard.id, error);
    return undefined;
  }
}

function requireSameTime(
  note: Partial<TableNote>,
  log: OpLog,
  shard: string,
  graphs: ReadonlyMap<string, ImagedGraph>,
): void {
  const { version, position = Number.NaN, mended } = note;
  if (version !== VERSION) throw refused("is of another version");
  if (!Number.isSafeInteger(position) || position > log.lastPosition()) throw refused("is newer than the log");
  if (Object.keys(note.graphs ?? {}).length !== graphs.size) throw refused("is of other vectors");
  for (const [vector, graph] of graphs) {
    const isSame = graph.token !== undefined && graph.token === note.graphs?.[vector];
    if (!isSame || graph.position > position) throw refused(`is not of the time of the graph of vector "${vector}"`);
  }
  if (mended === undefined || mended !== mendedOf(log, shard))
    throw refused("is older than what was mended in its points");
}

function refused(why: string): MurmurationError {
  return new MurmurationError("corrupt", `the table image ${why}`);
}

/** Note the points whose rows an operation behind the table's image may change. Before it is applied to the graphs. */
export function noteTouched({ shard, rows }: WritableShard, operation: Operation): void {
  for (const id of pointsOf(operation)) rows.note(id);
  if (operation.kind !== "purge") return;
  // it purges from every graph of the vector, whichever it names, and rows name slots of the one that serves
  const serving = servingKey(shard.collection, vectorOfGraph(operation.vector));
  const graph = shard.graphs.get(serving);
  if (graph === undefined) return;
  // a point that shows a node which everybody else knows to be dead is without it from there on
  for (const dot of operation.dots) {
    const slot = graph.slotOf(dot);
    const id = slot === undefined ? undefined : rows.pointAtSlot(serving, slot);
    if (id !== undefined) rows.note(id);
  }
}
