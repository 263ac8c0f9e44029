import type { IncomingHttpHeaders } from "node:http";

/** What a request brings to be let in: the header `api-key`, else a bearer token. */
export function credentialOf({ "api-key": key, authorization }: IncomingHttpHeaders): string | undefined {
  if (typeof key === "string") return key;
  return /^bearer +(.+)$/i.exec(authorization ?? "")?.[1];
}
