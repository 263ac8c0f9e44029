import { inspect } from "node:util";
import { inRoot } from "./paths.mjs";

/** Its one test says nothing of those that are tested. */
const TOGETHER = inRoot("scripts/lib/test-together.mjs");

/** The error that a person wants to see: the test's own, not the runner's wrapper around it. */
function describeError(error) {
  return inspect(error?.cause ?? error, { depth: 6 });
}

/**
 * A node:test reporter that writes one JSON object per finished *leaf* test:
 * `{name, path: [enclosing names], file: where it stands, status: "passed" | "failed" | "skipped", durationMs, error?}`.
 * A suite counts only when it fails by itself (a hook, say) and not through a test inside it.
 */
// biome-ignore lint/style/noDefaultExport: node:test takes a reporter from the default export.
export default async function* reporter(events) {
  const openNames = [];
  let deepestReported = -1;
  for await (const { type, data } of events) {
    if (type === "test:start") openNames[data.nesting] = data.name;
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.file === TOGETHER) continue;
    const { nesting } = data;
    // Children are reported right before what encloses them.
    const isParent = deepestReported > nesting || data.details?.type === "suite";
    deepestReported = nesting;
    const failed = type === "test:fail";
    const failureType = data.details?.error?.failureType;
    const excused = data.skip !== undefined || data.todo !== undefined;
    if (isParent && (!failed || failureType === "subtestsFailed")) {
      if (!(data.skip !== undefined && !failed)) continue;
    }
    yield `${JSON.stringify({
      name: data.name,
      path: openNames.slice(0, nesting),
      file: data.file,
      status: excused ? "skipped" : failed ? "failed" : "passed",
      durationMs: data.details?.duration_ms ?? 0,
      ...(failed && !excused ? { error: describeError(data.details?.error) } : {}),
    })}\n`;
  }
}
