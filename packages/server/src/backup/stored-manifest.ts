import type { LogSchema } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import type { DataKeys } from "../encryption/data-keys.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { manifestFields, openManifest } from "./manifest.js";

/** Raised when an older reader would misread a backup in parts. */
export const storedFormatVersion = 3;
/** Bytes of the text of a manifest in a store. */
export const STORED_MANIFEST_BYTES_MAX = 32 * 1024 * 1024;

const count = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const storedManifestSchema = z.object({
  format: z.literal(storedFormatVersion),
  ...manifestFields,
  /** Everything of the log's file but rows: `LogSchema`. */
  schema: z.object({
    version: count,
    applicationId: count,
    tables: z.array(z.object({ name: z.string(), sql: z.string() })).max(256),
    indexes: z.array(z.string()).max(256),
  }),
  /** Of each table the parts of its index (`part-index.ts`), in their order: [name, bytes]. */
  tables: z
    .array(z.object({ name: z.string(), rows: count, index: z.array(z.tuple([hash, count])).max(1_000_000) }))
    .max(257),
  /** All its parts, and the bytes of its rows before they were packed. */
  parts: count,
  bytes: count,
  /** What was sent of it: parts that were not there yet. */
  sent: z.object({ parts: count, bytes: count }),
});

/** What a store keeps of a backup in parts: how it is put together, and what it restores to. */
export type StoredManifest = z.infer<typeof storedManifestSchema>;

/** A manifest of a store, and the keys that its parts are encrypted with; `undefined`: they are not. */
export interface FoundStoredManifest {
  readonly manifest: StoredManifest;
  readonly keys: DataKeys | undefined;
}

/** Throws `corrupt` for text that is not a manifest that this version reads, `forbidden` for one that is encrypted where none of the keys opens it. */
export function parseStoredManifest(
  text: string,
  where: string,
  masterKeys: MasterKeys | undefined,
): FoundStoredManifest {
  const { data, keys } = openManifest(text, where, masterKeys, storedFormatVersion);
  const { success, data: manifest, error } = storedManifestSchema.safeParse(data);
  if (success) return { manifest, keys };
  const [issue] = error.issues;
  throw new MurmurationError(
    "corrupt",
    `${where}: is not the manifest of a backup in parts: ${issue?.path.join(".")}: ${issue?.message}`,
  );
}

/** What the log's file is beside its rows. */
export function schemaOf({ schema }: StoredManifest): LogSchema {
  return schema;
}
