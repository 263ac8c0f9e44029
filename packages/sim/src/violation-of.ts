import { Violated, type Violation } from "./checkers/checker.js";
import type { Node } from "./node.js";
import { differingPoints } from "./settle.js";

/** What an error of a run says: a rule that was broken, or a failure of the program. `undefined`: neither. */
export function violationOf(error: unknown, atMs: number, nodes: readonly Node[]): Violation | undefined {
  if (error instanceof Violated) {
    const [a, b] = (error.about.nodes ?? []).map((id) => nodes.find((node) => node.id === id));
    const about = { ...error.about, points: error.about.points ?? differingPoints(a, b) };
    return { checker: error.checker, atMs, detail: error.message, about };
  }
  // two processes have given one name to two operations: a replica that stops on it does right
  if (nodes.some(({ isTwin }) => isTwin)) return undefined;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { checker: "exception", atMs, detail };
}
