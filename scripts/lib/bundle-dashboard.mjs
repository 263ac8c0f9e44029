import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";
import { inRoot } from "./paths.mjs";

/** What is gained by compressing less is not worth a file. */
const COMPRESSED_BYTES_MIN = 1_024;
/** The best that takes a fraction of a second. */
const BROTLI_QUALITY = 9;

const folder = inRoot("packages/dashboard");
const release = join(folder, "release");

await build({
  configFile: false,
  envDir: false,
  root: folder,
  // wherever the page stands, behind a proxy too
  base: "./",
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: release,
    emptyOutDir: true,
    target: "es2022",
    // the page's policy lets nothing stand in it but what comes as a file of its own
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    // of a machine that is busy
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});

// compressed once here, and not in each request
for (const name of readdirSync(release, { recursive: true, encoding: "utf8" })) {
  if (!/\.(js|css|html|svg)$/.test(name)) continue;
  const content = readFileSync(join(release, name));
  if (content.length < COMPRESSED_BYTES_MIN) continue;
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  writeFileSync(join(release, `${name}.br`), brotliCompressSync(content, { params }));
  writeFileSync(join(release, `${name}.gz`), gzipSync(content, { level: 9 }));
}
