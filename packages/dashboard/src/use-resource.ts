import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { apiKey } from "./api.js";

/** What a page shows of something that is loaded, and loaded again. */
export interface Resource<Value> {
  /** The latest; it stays where loading it again failed. */
  readonly value: Value | undefined;
  /** Why the latest load failed; `undefined`: it did not. */
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  /** Loads it now. */
  readonly reload: () => void;
}

interface State<Value> {
  readonly value?: Value;
  readonly error?: Error;
  readonly isLoading: boolean;
}

/**
 * Loads when the component appears, when one of `dependencies` or the key changes, and every `refreshMs` (from the end of one load to the start of the next) while
 * the tab is shown. A load that is not wanted any more is aborted.
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
  const key = apiKey.value;
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isWaitingForTab = false;
    const again = () => {
      if (refreshMs === undefined || abort.signal.aborted) return;
      if (document.hidden) isWaitingForTab = true;
      else timer = setTimeout(run, refreshMs);
    };
    const run = () => {
      if (document.hidden && refreshMs !== undefined) return again();
      // what fails before there is a promise fails as one
      new Promise<Value>((resolve) => resolve(latest.current(abort.signal))).then(
        (value) => {
          if (abort.signal.aborted) return;
          setState({ value, isLoading: false });
          again();
        },
        (error: unknown) => {
          if (abort.signal.aborted) return;
          setState(({ value }) => ({
            ...(value === undefined ? {} : { value }),
            error: error as Error,
            isLoading: false,
          }));
          again();
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
      abort.abort(new DOMException("not wanted any more", "AbortError"));
    };
    // what is loaded is told apart by what it depends on, not by the function's identity
  }, [...dependencies, key, turn, refreshMs]);
  const reload = useCallback(() => setTurn((one) => one + 1), []);
  return { value: state.value, error: state.error, isLoading: state.isLoading, reload };
}
