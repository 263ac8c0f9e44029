/** Where the page is: parts of the hash's path, and what follows its question mark. */
export interface Place {
  /** `/collections/c/points` */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Reads `#/collections/c/points?limit=5`. */
export function placeOf(hash: string): Place {
  const text = hash.replace(/^#/, "");
  const at = text.indexOf("?");
  const path = at < 0 ? text : text.slice(0, at);
  return {
    path: path.startsWith("/") ? path : `/${path}`,
    query: new URLSearchParams(at < 0 ? "" : text.slice(at + 1)),
  };
}

/** The parameters of a path by a pattern such as `/collections/:collection/points`; `undefined`: it is not of the pattern. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const text = given[at] ?? "";
    if (!part.startsWith(":")) {
      if (part !== text) return undefined;
      continue;
    }
    try {
      parameters[part.slice(1)] = decodeURIComponent(text);
    } catch {
      return undefined;
    }
  }
  return parameters;
}

/** A link within the page: the parameters of the pattern are escaped, and what is `undefined` of the query is left out. */
export function href(
  pattern: string,
  parameters: Readonly<Record<string, string | number | bigint>> = {},
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const path = pattern.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(parameters[name] ?? "").toWellFormed()),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return `#${path}${text === "" ? "" : `?${text}`}`;
}
