/** Steps that take changes back, in the order in which they were made. */
export type Journal = (() => void)[];

/** Take everything back, the last change first, to the end whatever a step throws. Returns what steps threw: none, and all is as before. */
export function takeBack(journal: Journal): unknown[] {
  const failures: unknown[] = [];
  for (const undo of journal.reverse()) {
    try {
      undo();
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}
