import { duration, moment } from "../../format.js";
import { Data } from "../../parts/data.js";
import { shortPath } from "../../requests/api-routes.js";
import type { PastRequest } from "../../requests/request-history.js";

export interface HistoryViewProps {
  readonly history: readonly PastRequest[];
  readonly onChoose: (request: PastRequest) => void;
  readonly onForget: () => void;
}

/** What was sent in this tab, the latest first. */
export function HistoryView({ history, onChoose, onForget }: HistoryViewProps) {
  if (history.length === 0) return <p class="soft">Nothing was sent in this tab yet.</p>;
  return (
    <>
      <ol class="history">
        {history.map((request) => {
          const [method = "", path = ""] = request.route.split(" ");
          return (
            <li key={`${request.at} ${request.route}`}>
              <button type="button" class="history-entry" onClick={() => onChoose(request)}>
                <span class="mono">
                  {method} <Data text={shortPath(path)} max={60} isBrief />
                </span>
                <span class={request.status >= 400 ? "field-error" : "soft"}>
                  {request.status}, {duration(request.tookMs / 1_000)}, {moment(request.at).slice(11)}
                </span>
                {request.body === "" ? null : (
                  <span class="history-body mono">
                    <Data text={request.body.slice(0, 200).replaceAll(/\s+/g, " ")} max={90} isBrief />
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ol>
      <button type="button" class="small" onClick={onForget}>
        Forget these
      </button>
    </>
  );
}
