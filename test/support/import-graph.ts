import { posix } from "node:path";
import type { SourceFile } from "./source-tree.js";
import { isTest, specifiersOf, type Violations } from "./tidy-rules.js";

/**
 * The rooms of core from the ground up: each may import those before it, and none after it. What lies beside them (`mod.ts`, the face)
 * stands above all rooms, except what every room may use.
 */
export const coreRooms = [
  "causality",
  "operation",
  "log",
  "gossip",
  "catalogue",
  "command",
  "state",
  "reconcile",
  "consistency",
  "checkpoint",
  "replica/plan",
  "replica/commit",
  "replica/upkeep",
  "replica/recovery",
  "replica/membership",
  "replica/exchange",
  "replica/peering",
  "replica",
] as const;

/** Files of core that belong to no room: its bounds, planted bugs and marks. */
const FOR_EVERY_ROOM = new Set(["limits.ts", "marks.ts", "planted.ts"]);

const CORE = "packages/core/src/";

/** The file that a relative import means, whatever the language calls it. */
function targetOf(path: string, specifier: string, isThere: (path: string) => boolean): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  const stem = target.replace(/\.js$/, "");
  return [`${stem}.ts`, `${stem}.tsx`, `${target}.ts`, target].find(isThere);
}

function roomOf(path: string): string | undefined {
  if (!path.startsWith(CORE)) return undefined;
  const room = posix.dirname(path.slice(CORE.length));
  return room === "." ? undefined : room;
}

/** Imports of core, those of types too, that lead from a room to one above it, and rooms that `coreRooms` does not place. */
export function arrowsUp({ path, text }: SourceFile): Violations {
  const room = roomOf(path);
  if (room === undefined || isTest(path)) return [];
  const rooms: readonly string[] = coreRooms;
  const height = rooms.indexOf(room);
  if (height < 0) return [`${path}: the room ${room} has no place in coreRooms`];
  return specifiersOf(text).flatMap((specifier) => {
    if (!specifier.startsWith(".")) return [];
    const target = posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts");
    if (FOR_EVERY_ROOM.has(target.slice(CORE.length))) return [];
    const other = roomOf(target);
    const isBelow = other !== undefined && rooms.indexOf(other) <= height;
    return isBelow ? [] : [`${path} imports ${specifier}, which is above ${room}`];
  });
}

/** Folders of one package that import each other both ways, types among it; a folder and one in it count as one. */
export function mutualFolders(files: readonly SourceFile[]): Violations {
  const code = files.filter(({ path }) => /^packages\/[^/]+\/src\/.+\.tsx?$/.test(path) && !isTest(path));
  const imports = new Map<string, string>();
  for (const { path, text } of code) {
    const from = posix.dirname(path);
    for (const specifier of specifiersOf(text)) {
      if (!specifier.startsWith(".")) continue;
      const target = posix.join(from, specifier);
      const to = posix.dirname(target);
      const isOne = `${from}/`.startsWith(`${to}/`) || `${to}/`.startsWith(`${from}/`);
      if (!isOne) imports.set(`${from} ${to}`, `${path} imports ${specifier}`);
    }
  }
  return [...imports].flatMap(([pair, first]) => {
    const [from = "", to = ""] = pair.split(" ");
    const back = imports.get(`${to} ${from}`);
    return back !== undefined && from < to ? [`${first}, and ${back}`] : [];
  });
}

/**
 * Circles of files that import one another, imports of types among them: at least one for every set of files that are in circles, as
 * the path that leads back to its beginning.
 */
export function importCircles(files: readonly SourceFile[]): Violations {
  const code = new Map(files.filter(({ path }) => /\.tsx?$/.test(path)).map((file) => [file.path, file.text]));
  const circles: string[] = [];
  const seen = new Set<string>();
  const way: string[] = [];

  const visit = (path: string) => {
    const at = way.indexOf(path);
    if (at >= 0) circles.push([...way.slice(at), path].join(" → "));
    if (seen.has(path)) return;
    seen.add(path);
    way.push(path);
    for (const specifier of specifiersOf(code.get(path) ?? "")) {
      const target = specifier.startsWith(".") ? targetOf(path, specifier, (file) => code.has(file)) : undefined;
      if (target !== undefined) visit(target);
    }
    way.pop();
  };
  for (const path of code.keys()) visit(path);
  return circles;
}
