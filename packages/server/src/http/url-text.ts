import { MurmurationError } from "@murmuration/index";

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function notEncoded(text: string, field?: string): MurmurationError {
  const start = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  return new MurmurationError("format", `"${start}" is not percent-encoded UTF-8`, field);
}

/** Throws `format`, naming the parameter, for a name or value in the query that is not percent-encoded UTF-8. */
export function checkQueryText(url: string): void {
  const start = url.indexOf("?");
  if (start === -1 || !url.includes("%", start)) return;
  for (const parameter of url.slice(start + 1).split("&")) {
    const [name = "", ...rest] = parameter.split("=");
    if (!isEncoded(name)) throw notEncoded(name);
    const value = rest.join("=");
    if (!isEncoded(value)) throw notEncoded(value, name);
  }
}

/** Why a path could not be decoded, naming the part of it that is not percent-encoded UTF-8. */
export function undecodable(url: string): MurmurationError {
  const [path = ""] = url.split("?", 1);
  return notEncoded(path.split("/").find((segment) => !isEncoded(segment)) ?? path);
}

/** Throws `format`, naming the header, where one of these holds other than printable ASCII. */
export function checkHeaderText(
  headers: { readonly [name: string]: string | readonly string[] | undefined },
  names: readonly string[],
): void {
  for (const name of names) {
    const value = headers[name];
    if (typeof value === "string" && !/^[\x20-\x7e]*$/.test(value)) {
      throw new MurmurationError("format", "a header holds other than printable ASCII", name);
    }
  }
}
