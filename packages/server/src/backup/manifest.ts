import { readFileSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { fileError } from "./files.js";
import { logContents } from "./log-contents.js";

/** Raised when an older reader would misread the manifest. */
export const manifestFormatVersion = 1;

const manifestSchema = z.object({
  format: z.literal(manifestFormatVersion),
  name: z.string(),
  /** Version of the server that made it. */
  version: z.string(),
  /** ISO 8601, by the clock of that server. */
  created: z.iso.datetime(),
  /** Time that making and verifying it took. */
  ms: z.number().nonnegative(),
  file: z.object({ bytes: z.number().int().positive(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  contents: logContents,
  /** Ids of erasures that its log has nothing of; absent: of none. */
  erased: z.array(z.string()).optional(),
});

/** What stands beside a backup's file: how to tell that the file is whole, and what it restores to. */
export type Manifest = z.infer<typeof manifestSchema>;

/** A manifest of another format, of which nothing else is known. */
const anyFormat = z.object({ format: z.number() });

/** Throws `corrupt` for text that is not a manifest that this version reads; `where` names it. */
export function parseManifest(text: string, where: string): Manifest {
  const refuse = (why: string): never => {
    throw new MurmurationError("corrupt", `${where}: ${why}`);
  };
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return refuse("is not JSON");
  }
  const format = anyFormat.safeParse(data);
  if (format.success && format.data.format > manifestFormatVersion) {
    refuse(`was written by a newer version (format ${format.data.format}, this one reads ${manifestFormatVersion})`);
  }
  const { success, data: manifest, error } = manifestSchema.safeParse(data);
  if (success) return manifest;
  const [issue] = error.issues;
  return refuse(`is not a backup's manifest: ${issue?.path.join(".")}: ${issue?.message}`);
}

/** The manifest in a file. Throws `not-found`, `storage` or `corrupt`. */
export function readManifest(path: string): Manifest {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw fileError(error, path);
  }
  return parseManifest(text, path);
}
