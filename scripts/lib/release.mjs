import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { productsBelow } from "./files.mjs";
import { inRoot } from "./paths.mjs";

/** What is released, from below to above. */
export const RELEASED = ["packages/index", "packages/core", "packages/server"];

/** Left out: tests, what they share, and what plants bugs. */
const IS_LEFT_OUT = /\.(test|test-support)\.js$|(^|\/)conformance\.js$|(^|\/)testing\/|(^|\/)planted\.js$/;

/** Where a face of one of our packages is, by the face's name: "@murmuration/core/payload-file". */
function releasedFaces() {
  const faces = new Map();
  for (const folder of RELEASED) {
    const { name, exports } = JSON.parse(readFileSync(inRoot(folder, "package.json"), "utf8"));
    for (const [face, { release }] of Object.entries(exports)) {
      if (release !== undefined) faces.set(posix.join(name, face), posix.join(folder, release));
    }
  }
  return faces;
}

/**
 * A compiled file as it is released: nothing asks whether a bug is planted, our own packages are met where they are released, and the
 * modules of the index are those without planted bugs and assertions. Lines stay where they are.
 */
export function releasedText(text, path, faces) {
  const released = text
    .replace(/^import \{[^}]*\} from "[^"]*\/planted(?:\.js)?";$/gm, "")
    .replace(/\bisPlanted\("[^"]*"\)/g, "false")
    .replace(/\bplantedBits\("[^"]*"\)/g, "0")
    .replace(/(\bfrom |\bimport\()"(@murmuration\/[^"]+)"/g, (_, before, face) => {
      const target = faces.get(face);
      if (target === undefined) throw new Error(`${path}: ${face} is not released`);
      return `${before}"${posix.relative(posix.dirname(path), target)}"`;
    })
    .replace(".checked.wasm", ".wasm")
    .replace(/^\/\/# sourceMappingURL=.*\n?/m, "");
  if (/\bisPlanted|\bplantedBits/.test(released)) {
    throw new Error(`${path}: a question for a planted bug is not of the form isPlanted("name")`);
  }
  return released;
}

/** Writes the folder `release` of each package from its `dist`. */
export function writeRelease() {
  const faces = releasedFaces();
  for (const folder of RELEASED) {
    const [dist, release] = [inRoot(folder, "dist"), inRoot(folder, "release")];
    rmSync(release, { recursive: true, force: true });
    for (const path of productsBelow(dist)) {
      const name = path.slice(dist.length + 1).replaceAll("\\", "/");
      if (!name.endsWith(".js") || IS_LEFT_OUT.test(name)) continue;
      const target = join(release, name);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, releasedText(readFileSync(path, "utf8"), posix.join(folder, "release", name), faces));
    }
  }
}
