import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiError, isForbidden, keyAsked, timesKeyed } from "./api.js";
import { duration } from "./format.js";

/** What is looked at again and again is not the latest any more where an answer takes so long. */
const SILENT_MS = 10_000;

/** What a page shows of something that is loaded, and loaded again. */
export interface Resource<Value> {
  /** The latest; it stays where loading it again failed, and goes where loading another one did. */
  readonly value: Value | undefined;
  /** Why the latest load failed; `undefined`: it did not. */
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  /** Loads it now. */
  readonly reload: () => void;
}

interface State<Value> {
  readonly value?: Value;
  /** What the value was loaded for. */
  readonly of?: object;
  readonly error?: Error;
  readonly isLoading: boolean;
}

/** With an error; a value of other dependencies would be taken for theirs. */
function failed<Value>({ value, of }: State<Value>, wanted: object, error: Error, isLoading: boolean): State<Value> {
  return { ...(value === undefined || of !== wanted ? {} : { value, of }), error, isLoading };
}

/**
 * Loads when the component appears, when one of `dependencies` changes or a key is given, and every `refreshMs` (from the end of one load to the start of the next) while
 * the tab is shown. A load that is not wanted any more is aborted; of one that is repeated, a silence is said as an error while it is still waited for, and one that the
 * key does not let do is not repeated.
 */
export function useResource<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  dependencies: readonly unknown[],
  refreshMs?: number,
): Resource<Value> {
  const [state, setState] = useState<State<Value>>({ isLoading: true });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const key = timesKeyed.value;
  // what is loaded is told apart by what it depends on, not by the function's identity
  const wanted = useMemo(() => ({}), [...dependencies, key]);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let silence: ReturnType<typeof setTimeout> | undefined;
    let isWaitingForTab = false;
    const again = () => {
      if (refreshMs === undefined || abort.signal.aborted) return;
      if (document.hidden) isWaitingForTab = true;
      else timer = setTimeout(run, refreshMs);
    };
    const run = () => {
      if (document.hidden && refreshMs !== undefined) return again();
      if (refreshMs !== undefined) {
        const error = new ApiError(
          `There was no answer for ${duration(SILENT_MS / 1_000)}; it is still waited for.`,
          0,
        );
        silence = setTimeout(() => {
          // who is asked for a key is who is waited for
          if (keyAsked.value === undefined) setState((before) => failed(before, wanted, error, true));
        }, SILENT_MS);
      }
      // what fails before there is a promise fails as one
      new Promise<Value>((resolve) => resolve(latest.current(abort.signal))).then(
        (value) => {
          if (abort.signal.aborted) return;
          clearTimeout(silence);
          setState({ value, of: wanted, isLoading: false });
          again();
        },
        (error: unknown) => {
          if (abort.signal.aborted) return;
          clearTimeout(silence);
          setState((before) => failed(before, wanted, error as Error, false));
          // a refusal is noted by the server each time, and another key begins anew
          if (!isForbidden(error)) again();
        },
      );
    };
    const onShown = () => {
      if (document.hidden || !isWaitingForTab) return;
      isWaitingForTab = false;
      run();
    };
    document.addEventListener("visibilitychange", onShown);
    setState((before) => ({ ...before, isLoading: true }));
    run();
    return () => {
      document.removeEventListener("visibilitychange", onShown);
      clearTimeout(timer);
      clearTimeout(silence);
      abort.abort(new DOMException("not wanted any more", "AbortError"));
    };
  }, [wanted, turn, refreshMs]);
  const reload = useCallback(() => setTurn((one) => one + 1), []);
  return { value: state.value, error: state.error, isLoading: state.isLoading, reload };
}
