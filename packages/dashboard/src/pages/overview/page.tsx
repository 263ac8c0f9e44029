import { ask, askText, timesForgotten } from "../../api.js";
import { Busy } from "../../parts/busy.js";
import { ErrorBox } from "../../parts/error-box.js";
import type { Status } from "../../status.js";
import { useResource } from "../../use-resource.js";
import { Collections } from "./collections.js";
import { figuresOf } from "./figures.js";
import { Figures } from "./figures-card.js";
import { remember } from "./history.js";
import { Plots } from "./plots.js";
import { Readiness } from "./readiness.js";
import { Routes } from "./routes.js";
import "./overview.css";

const REFRESH_MS = 2_000;

async function look(signal: AbortSignal) {
  const forgotten = timesForgotten.value;
  const [status, text] = await Promise.all([
    ask<Status>("GET", "/murmur/status", { signal }),
    askText("/metrics", signal),
  ]);
  const figures = figuresOf(text, Date.now());
  // what comes late was asked with a key that is forgotten
  if (timesForgotten.value === forgotten) remember(figures);
  return { status, figures };
}

/** What the server holds and how it does. */
export function Page() {
  const { value, error, reload } = useResource(look, [], REFRESH_MS);
  return (
    <div class="stack">
      <ErrorBox
        what={value === undefined ? "The server's figures could not be read" : "The figures below are not the latest"}
        error={error}
        onRetry={reload}
      />
      {value === undefined ? (
        error === undefined ? (
          <Busy />
        ) : null
      ) : (
        <>
          <Readiness status={value.status} />
          <Figures figures={value.figures} />
          <Plots />
          <div class="overview-tables">
            <Routes figures={value.figures} />
            <Collections figures={value.figures} />
          </div>
        </>
      )}
    </div>
  );
}
