import { MurmurationError } from "@murmuration/index";

/** What strict mode refuses with: what is wrong, and what would help. */
export function strictError(what: string, help: string): MurmurationError {
  return new MurmurationError("bad-request", `${what}. Help: ${help}`);
}

/** Throws for a value over a limit. `name`: of the parameter, as the caller knows it. */
export function requireWithin(value: number, limit: number | bigint | undefined, name: string): void {
  if (limit === undefined || value <= limit) return;
  throw strictError(
    `Limit exceeded ${value} > ${limit} for "${name}"`,
    `Reduce the "${name}" parameter to or below ${limit}.`,
  );
}
