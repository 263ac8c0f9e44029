import { printJson } from "../json.js";
import { type ApiRequest, KEY_VARIABLE, pathOf, type Target } from "./api-request.js";

/** A word of a POSIX shell that stands for this text, whatever it holds but NUL. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A request as a curl command for a POSIX shell. */
export function curlOf(request: ApiRequest, { url, hasKey }: Target): string {
  // a URL is taken as it is: brackets and braces are no patterns
  const lines = [`curl --globoff -X ${request.method} ${shellWord(`${url}${pathOf(request)}`)}`];
  if (hasKey) lines.push(`-H "api-key: $${KEY_VARIABLE}"`);
  if (request.body !== undefined) {
    lines.push(`-H ${shellWord("content-type: application/json")}`);
    // of --data, a text that begins with @ would be a file
    lines.push(`--data-raw ${shellWord(printJson(request.body, 2))}`);
  }
  return lines.join(" \\\n  ");
}
