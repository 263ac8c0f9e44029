import { readFileSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { type DataKeys, openBytes, sealBytes } from "../encryption/data-keys.js";
import { openRing, ringSchema, type WrittenRing, wrapRing } from "../encryption/key-ring.js";
import { fingerprintOfKey, type MasterKeys } from "../encryption/master-keys.js";
import { fileError } from "./files.js";
import { logContents } from "./log-contents.js";

/** Raised when an older reader would misread the manifest. */
export const manifestFormatVersion = 1;
/** Of a backup that is encrypted: its manifest is, too. */
const sealedFormatVersion = 2;

/** What every manifest has. */
export const manifestFields = {
  name: z.string(),
  /** Version of the server that made it. */
  version: z.string(),
  /** ISO 8601, by the clock of that server. */
  created: z.iso.datetime(),
  /** Time that making and verifying it took. */
  ms: z.number().nonnegative(),
  contents: logContents,
  /** The hybrid clock of the replica: no operation in the log is later. Absent in backups of before. */
  clock: z.object({ wall_ms: z.number().int().nonnegative(), counter: z.number().int().nonnegative() }).optional(),
  /** Of the catalogue, the highest sequence by origin. Absent in backups of before. */
  catalogue_frontier: z.record(z.string(), z.number().int().nonnegative()).optional(),
  /** Ids of erasures that its log has nothing of; absent: of none. */
  erased: z.array(z.string()).optional(),
};

const manifestSchema = z.object({
  format: z.literal(manifestFormatVersion),
  ...manifestFields,
  file: z.object({ bytes: z.number().int().positive(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
});

/** What a backup is encrypted with, and how that stands beside it. */
export interface BackupEncryption {
  readonly keys: DataKeys;
  readonly ring: WrittenRing;
}

/** What stands beside a backup's file: how to tell that the file is whole, and what it restores to. */
export type Manifest = z.infer<typeof manifestSchema>;

/** A manifest that is encrypted, with what opens it and its log: data keys, wrapped by a master key. */
const sealedSchema = z.object({
  format: z.literal(sealedFormatVersion),
  name: z.string(),
  ring: ringSchema,
  sealed: z.base64(),
});

/** A manifest of another format, of which nothing else is known. */
const anyFormat = z.object({ format: z.number() });

/** A manifest, and the keys that its log is encrypted with; `undefined`: it is not. */
export interface FoundManifest {
  readonly manifest: Manifest;
  readonly keys: DataKeys | undefined;
}

/** The text of a manifest, encrypted where the log is. */
export function manifestText(manifest: { readonly name: string }, encryption: BackupEncryption | undefined): string {
  const { name } = manifest;
  if (encryption === undefined) return `${JSON.stringify(manifest, undefined, 2)}\n`;
  const sealed = sealBytes(encryption.keys, sealedAs(name), Buffer.from(JSON.stringify(manifest)));
  const whole = { format: sealedFormatVersion, name, ring: encryption.ring, sealed: sealed.toString("base64") };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

const sealedAs = (name: string) => ({ kind: "backup manifest", id: name });

/** What stands in the text of a manifest, opened where it is encrypted, and the keys of its backup; `undefined`: it is not. */
export interface OpenedManifest {
  readonly data: unknown;
  readonly keys: DataKeys | undefined;
}

/**
 * What is in the text of a manifest of a format up to `formatMax`. Throws `corrupt` for text that is no manifest, or one of a newer version, `forbidden` for one that is encrypted where
 * none of the keys opens it; `where` names it.
 */
export function openManifest(
  text: string,
  where: string,
  masterKeys: MasterKeys | undefined,
  formatMax: number,
): OpenedManifest {
  const refuse = (why: string): never => {
    throw new MurmurationError("corrupt", `${where}: ${why}`);
  };
  const parsed = (json: string): unknown => {
    try {
      return JSON.parse(json);
    } catch {
      return refuse("is not JSON");
    }
  };
  const checked = (data: unknown): number | undefined => {
    const format = anyFormat.safeParse(data);
    if (format.success && format.data.format > formatMax) {
      refuse(`was written by a newer version (format ${format.data.format}, this one reads ${formatMax})`);
    }
    return format.data?.format;
  };
  const data = parsed(text);
  if (checked(data) !== sealedFormatVersion) return { data, keys: undefined };
  const opened = unsealed(data, where, masterKeys, parsed);
  checked(opened.data);
  return opened;
}

/**
 * The manifest in a text. Throws `corrupt` for text that is not a manifest that this version reads, `forbidden` for one that is encrypted where none of the keys opens it; `where`
 * names it.
 */
export function parseManifest(text: string, where: string, masterKeys: MasterKeys | undefined): FoundManifest {
  const { data, keys } = openManifest(text, where, masterKeys, sealedFormatVersion);
  const { success, data: manifest, error } = manifestSchema.safeParse(data);
  if (success) return { manifest, keys };
  const [issue] = error.issues;
  throw new MurmurationError(
    "corrupt",
    `${where}: is not a backup's manifest: ${issue?.path.join(".")}: ${issue?.message}`,
  );
}

function unsealed(
  data: unknown,
  where: string,
  masterKeys: MasterKeys | undefined,
  parsed: (json: string) => unknown,
): OpenedManifest {
  const { success, data: whole } = sealedSchema.safeParse(data);
  if (!success) throw new MurmurationError("corrupt", `${where}: is not the manifest of an encrypted backup`);
  if (masterKeys === undefined) {
    throw new MurmurationError(
      "forbidden",
      `${where}: the backup is encrypted, and no key is given: give it by --encryption-key-file, MURMUR_ENCRYPTION_KEY or --key-command`,
      "encryption-key",
    );
  }
  const keys: DataKeys = openRing(whole.ring, masterKeys, `the backup ${whole.name}`);
  const text = openBytes(keys, sealedAs(whole.name), Buffer.from(whole.sealed, "base64")).toString();
  return { data: parsed(text), keys };
}

/** The manifest in a file. Throws `not-found`, `storage`, `forbidden` or `corrupt`. */
export function readManifest(path: string, masterKeys: MasterKeys | undefined): FoundManifest {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw fileError(error, path);
  }
  return parseManifest(text, path, masterKeys);
}

/** The same manifest as a text in which its keys are wrapped by the first of these; `undefined`: it is not encrypted, or so already. Throws as `parseManifest`. */
export function rewrappedManifest(text: string, where: string, masterKeys: MasterKeys): string | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new MurmurationError("corrupt", `${where}: is not JSON`);
  }
  const { success, data: whole } = sealedSchema.safeParse(data);
  if (!success || whole.ring.master === fingerprintOfKey(masterKeys[0])) return undefined;
  const ring = wrapRing(openRing(whole.ring, masterKeys, where), masterKeys);
  return `${JSON.stringify({ ...whole, ring }, undefined, 2)}\n`;
}
