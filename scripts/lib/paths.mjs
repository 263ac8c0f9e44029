import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository's root folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Folder for what is fetched or computed once and never committed. `MURMURATION_CACHE` moves it. */
export const cacheFolder = process.env.MURMURATION_CACHE ?? join(root, ".cache");

/** Path inside the repository. */
export const inRoot = (...parts) => join(root, ...parts);
