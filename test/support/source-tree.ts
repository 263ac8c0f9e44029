import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

const SKIPPED = new Set(["node_modules", "dist", "build", "release", "bundle", ".git", ".cache", "data"]);

/** A file of the repository. */
export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly text: string;
}

const BINARY = /\.(bin|png|usearch|wasm)$/;

function pathsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? pathsBelow(path) : entry.isFile() ? [path] : [];
  });
}

/** Every file that people wrote: not what is installed, built or cached. Binary files have no text. */
export function readSourceTree(): readonly SourceFile[] {
  return pathsBelow(root).map((absolute) => {
    const content = readFileSync(absolute);
    const path = relative(root, absolute).split(sep).join("/");
    return { path, bytes: content.length, text: BINARY.test(path) ? "" : content.toString("utf8") };
  });
}

/** The code without comments and without what stands in quotes: what is left can be searched for identifiers. */
export function withoutCommentsAndStrings(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (match) =>
    match.startsWith("/") ? match.replace(/[^\n]/g, " ") : '""',
  );
}
