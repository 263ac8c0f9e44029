/** RFC 9110, 5.6.2 and 5.5: a name, and a value of visible ASCII. */
const HEADER = /^([\w!#$%&'*+.^`|~-]{1,128}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]{0,8190}[\x21-\x7e])?)[ \t]*$/;
const HEADERS_MAX = 32;

/** Headers of a text, one a line; empty lines and those that begin with # are passed over. Throws an `Error` that shows no value. */
export function headersOf(text: string): { readonly [name: string]: string } {
  const headers: { [name: string]: string } = Object.create(null) as { [name: string]: string };
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`line ${i + 1} is no header ("name: value")`);
    headers[name.toLowerCase()] = value;
    if (Object.keys(headers).length > HEADERS_MAX) throw new Error(`more than ${HEADERS_MAX} headers`);
  }
  return headers;
}
