import { existsSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inRoot } from "./paths.mjs";

// Loaded before a test file: threads of the server that it starts run the files that servers of tests run (`packages/server/bundle/checked`), of the
// same modules. To load the hundreds that they are made of, in every thread anew, is most of what a database costs that a test opens.

const threads = createRequire(import.meta.url)("node:worker_threads");

/** Where a thread's file stands in the bundle; the file itself where it is no part of it. */
function asBundled(file) {
  if (!(file instanceof URL) || file.protocol !== "file:") return file;
  const place = relative(inRoot("packages/server/dist"), fileURLToPath(file));
  const bundled = inRoot("packages/server/bundle/checked", place.replaceAll(/[/\\]/g, "-"));
  return existsSync(bundled) ? pathToFileURL(bundled) : file;
}

if (threads.isMainThread) {
  threads.Worker = class extends threads.Worker {
    constructor(file, options) {
      super(asBundled(file), options);
    }
  };
  syncBuiltinESMExports();
}
