import { MurmurationError } from "@murmuration/index";

/**
 * Repeated slashes are one, and so a request whose path has nothing where a name belongs would be one to another route: to put an index
 * (`/collections//index`) would be to create a collection `index`. Returns what throws `validation` for such a path, naming the parameter.
 */
export function emptyNamesAt(
  routes: readonly { readonly method: string; readonly path: string }[],
): (method: string, url: string) => void {
  const patterns = routes.flatMap(({ method, path }) => {
    const segments = path.slice(1).split("/");
    const names = segments.slice(0, -1).filter((segment) => segment.startsWith("{"));
    if (names.length === 0) return [];
    // a name after slashes, or the slash before one that is not there; the last one may be missing: a slash at the end is ignored
    const parts = segments.map((segment) =>
      segment.startsWith("{") ? "(/+[^/]+|/)" : `/+${segment.replaceAll(".", "\\.")}`,
    );
    return { method, names, pattern: new RegExp(`^${parts.join("")}/*$`) };
  });
  return (method, url) => {
    const [path = ""] = url.split("?", 1);
    if (!path.includes("//")) return;
    for (const { method: served, names, pattern } of patterns) {
      const found = served === method ? pattern.exec(path) : null;
      const name = names.find((_, i) => found?.[i + 1] === "/");
      if (name !== undefined) {
        throw new MurmurationError("validation", "the path has nothing in its place", name.slice(1, -1));
      }
    }
  };
}
