import { useEffect, useMemo, useState } from "preact/hooks";
import { OneRun, type RunState } from "./one-run.js";

/** Something that takes time and that somebody begins, one at a time. The functions are the same ones as long as the component is there. */
export interface Running extends RunState {
  readonly start: OneRun["start"];
  readonly cancel: () => void;
}

/** What a page does when it is told to, a query that is sent for example: it is given up by the next one, and by who leaves the page. */
export function useRunning(): Running {
  const [state, setState] = useState<RunState>({ isRunning: false, error: undefined });
  const run = useMemo(() => {
    const one = new OneRun(setState);
    const start: OneRun["start"] = (work, onEnd) => one.start(work, onEnd);
    return { start, cancel: () => one.cancel() };
  }, []);
  useEffect(() => run.cancel, [run]);
  return { ...state, ...run };
}
