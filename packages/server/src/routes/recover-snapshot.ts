import { setTimeout as after } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Collection, Command } from "@murmuration/core";
import { MurmurationError, type PointId } from "@murmuration/index";
import type { Logger } from "pino";
import { z } from "zod";
import type { DataKeys } from "../encryption/data-keys.js";
import type { Database } from "../engine/database.js";
import { parseJsonBytes } from "../http/json.js";
import { createCollectionBody } from "../http/schemas/collection.js";
import { createIndexBody } from "../http/schemas/payload-index.js";
import { upsertBody } from "../http/schemas/points.js";
import { validate } from "../http/schemas/validate.js";
import { readSnapshot, unusable } from "../snapshots/snapshot-lines.js";
import type { Snapshots } from "../snapshots/snapshots.js";
import { newSettings, vectorSpaces } from "./collection-settings.js";
import { upsertCommand } from "./point-commands.js";

/** Points that are looked for at a time which the snapshot has not. */
const PAGE = 1_000;
const PATIENCE_MS = 60_000;
/** A database that takes no writes yet is asked again so soon. */
const RETRY_MS = 500;

/** What a recovery works with. */
export interface RecoveryContext {
  readonly database: Pick<Database, "collection" | "collectionNamed" | "read">;
  readonly write: (command: Command) => Promise<unknown>;
}

type CollectionDefinition = Pick<Collection, "vectors" | "settings" | "payloadIndexes">;

const indexesBody = z.array(createIndexBody).max(10_000);

/** What the header of a snapshot says of its collection. */
function definitionOf({
  create,
  indexes,
}: {
  readonly create?: unknown;
  readonly indexes?: unknown;
}): CollectionDefinition {
  const body = validate(createCollectionBody, create);
  const all = validate(indexesBody, indexes);
  return {
    vectors: vectorSpaces(body),
    settings: newSettings(body),
    payloadIndexes: Object.fromEntries(all.map(({ field_name, field_schema }) => [field_name, field_schema])),
  };
}

/** Fault of a snapshot: whoever sent it is told of the line. */
function faultIn(line: number, error: unknown): unknown {
  if (!(error instanceof MurmurationError)) return error;
  const field = error.field === undefined || error.message.startsWith(error.field) ? "" : `${error.field}: `;
  return unusable(`${field}${error.message}`, line);
}

function here({ database }: RecoveryContext, name: string): Collection | undefined {
  try {
    return database.collection(name);
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** Looks at all of a snapshot before anything is changed. Throws `bad-request` for whatever could not be applied. */
async function check(
  context: RecoveryContext,
  name: string,
  file: string,
  keys: DataKeys | undefined,
): Promise<CollectionDefinition> {
  const existing = here(context, name);
  let definition: CollectionDefinition | undefined;
  for await (const part of readSnapshot(file, name, keys)) {
    try {
      if (part.kind === "header") {
        definition = definitionOf(part.header);
        if (existing !== undefined && !isDeepStrictEqual(existing.vectors, definition.vectors)) {
          throw new MurmurationError("bad-request", `its vectors are other than those of collection ${name}`);
        }
      } else if (definition !== undefined) {
        const database = {
          collection: () => ({ id: "", name, ...(definition as CollectionDefinition) }) as Collection,
        };
        upsertCommand({ database, collection: name }, validate(upsertBody, part.body));
      }
    } catch (error) {
      throw faultIn(part.line, error);
    }
  }
  if (definition === undefined) throw unusable("it holds no collection");
  return definition;
}

async function makeCollection({ database, write }: RecoveryContext, name: string, wanted: CollectionDefinition) {
  const { vectors, settings, payloadIndexes } = wanted;
  if (here({ database, write }, name) === undefined)
    await write({ kind: "create-collection", name, vectors, settings });
  const existing = database.collection(name).payloadIndexes;
  for (const path of Object.keys(existing)) {
    if (!Object.hasOwn(payloadIndexes, path)) await write({ kind: "delete-payload-index", collection: name, path });
  }
  for (const [path, schema] of Object.entries(payloadIndexes)) {
    if (!isDeepStrictEqual(existing[path], schema)) {
      await write({ kind: "create-payload-index", collection: name, path, schema });
    }
  }
}

/** Ids behind one, in their order. */
async function idsBehind({ database }: RecoveryContext, name: string, offset: PointId | undefined) {
  const selection = { payload: false, vectors: false } as const;
  const request = { limit: PAGE, selection, ...(offset === undefined ? {} : { offset }) };
  const { pieces } = await database.read(
    [name],
    { kind: "scroll", request },
    { timeoutMs: PATIENCE_MS, deadlineMs: performance.now() + PATIENCE_MS, isAbandoned: () => false },
  );
  const bytes = Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)));
  const page = parseJsonBytes(bytes) as { points: { id: PointId }[]; next_page_offset: PointId | null };
  return { ids: page.points.map(({ id }) => id), next: page.next_page_offset };
}

async function deleteOthers(context: RecoveryContext, name: string, kept: ReadonlySet<string>): Promise<void> {
  let offset: PointId | undefined;
  for (;;) {
    const { ids, next } = await idsBehind(context, name, offset);
    const others = ids.filter((id) => !kept.has(String(id)));
    if (others.length > 0) {
      await context.write({ kind: "delete-points", collection: name, target: { ids: others } });
    }
    if (next === null) return;
    offset = next;
  }
}

/** The content of a collection becomes that of a snapshot that was checked. */
async function apply(
  context: RecoveryContext,
  name: string,
  file: string,
  wanted: CollectionDefinition,
  keys: DataKeys | undefined,
): Promise<void> {
  await makeCollection(context, name, wanted);
  const kept = new Set<string>();
  for await (const part of readSnapshot(file, name, keys)) {
    if (part.kind === "header") continue;
    const command = upsertCommand({ database: context.database, collection: name }, validate(upsertBody, part.body));
    await context.write(command);
    if (command.kind === "upsert-points") for (const { id } of command.points) kept.add(String(id));
  }
  await deleteOthers(context, name, kept);
}

/**
 * Make the content of a collection that of a snapshot, by writes like any other, which all replicas take over (docs/backup.md, "Snapshots"): the
 * collection and its payload indexes where they are not there or are others, every point as it was, and then nothing beside them. All of the file is
 * checked before the first of them. Throws `bad-request` for a file that cannot be used, and what writes throw: then what was written stays, and
 * whoever recovers again finishes it. Where the process ends, the next one goes on.
 */
export async function recoverSnapshot(
  context: RecoveryContext,
  snapshots: Snapshots,
  name: string,
  file: string,
): Promise<void> {
  const { keys } = snapshots.folder;
  const wanted = await check(context, name, file, keys);
  const begun = await snapshots.folder.beginRecovery(name, file);
  try {
    await apply(context, name, begun.file, wanted, keys);
  } finally {
    if (!snapshots.isClosing) await begun.end();
  }
}

/** Goes on with recoveries that were under way when a process ended. Tries again while the database takes no writes. */
export async function resumeRecoveries(
  context: RecoveryContext,
  snapshots: Snapshots,
  log: Pick<Logger, "info" | "error"> | undefined,
): Promise<void> {
  const begunHere = await snapshots.folder.begunRecoveries((note, error) =>
    log?.error(
      { note, why: String(error) },
      "a recovery from a snapshot cannot be gone on with: its note cannot be read",
    ),
  );
  for (const begun of begunHere) {
    const { collection, file } = begun;
    const resume = async () => {
      const { keys } = snapshots.folder;
      await apply(context, collection, file, await check(context, collection, file, keys), keys);
      log?.info({ collection }, "a recovery from a snapshot that had been interrupted is finished");
    };
    for (let isWaiting = true; isWaiting && !snapshots.isClosing; ) {
      try {
        await snapshots.inTurn(collection, resume);
        isWaiting = false;
      } catch (error) {
        isWaiting = error instanceof MurmurationError && error.code === "unavailable";
        if (isWaiting) await after(RETRY_MS, undefined, { ref: false });
        else log?.error({ collection, why: String(error) }, "a recovery from a snapshot stays unfinished");
      }
    }
    if (!snapshots.isClosing) await begun.end();
  }
}
