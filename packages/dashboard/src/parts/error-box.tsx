import { wantKey } from "../api.js";
import { Data } from "./data.js";

export interface ErrorBoxProps {
  readonly error: Error | undefined;
  /** What was to be done: "The collection could not be read". */
  readonly what: string;
  readonly onRetry?: () => void;
}

/** Says what failed and why, with a way to try it again. Nothing where nothing failed. */
export function ErrorBox({ error, what, onRetry }: ErrorBoxProps) {
  if (error === undefined) return null;
  return (
    <div class="error-box" role="alert">
      <div>
        <strong>{what}</strong>
        <div>
          <Data text={error.message} max={600} />
        </div>
      </div>
      {onRetry === undefined ? null : (
        <button
          type="button"
          onClick={() => {
            wantKey();
            onRetry();
          }}
        >
          Try again
        </button>
      )}
    </div>
  );
}
