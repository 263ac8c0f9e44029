import { MurmurationError } from "@murmuration/index";

/** Refuses a message: throws `corrupt`. */
export function refuseMessage(problem: string, cause?: unknown): never {
  throw new MurmurationError("corrupt", problem, undefined, cause);
}
