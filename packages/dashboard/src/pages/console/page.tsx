import { useState } from "preact/hooks";
import { ApiError, apiKey, ask, path, refusalOf, urlOf } from "../../api.js";
import { parseJson } from "../../json.js";
import type { Json, JsonObject } from "../../json-value.js";
import type { PageProps } from "../../page.js";
import { Badge } from "../../parts/badge.js";
import { Busy } from "../../parts/busy.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { question } from "../../parts/dialog.js";
import { ErrorBox } from "../../parts/error-box.js";
import { Tabs } from "../../parts/tabs.js";
import { notify } from "../../parts/toast.js";
import { type ApiRequest, pathOf, pathProblem } from "../../requests/api-request.js";
import { routeName } from "../../requests/api-routes.js";
import { useRunning } from "../../use-running.js";
import { AnswerView } from "./answer-view.js";
import { CodeView } from "./code-view.js";
import { HistoryView } from "./history-view.js";
import { PlanView } from "./plan-view.js";
import { bodyProblem, RequestForm } from "./request-form.js";
import { type Sent, sendRequest } from "./send.js";
import { TimingView } from "./timing-view.js";
import { type ConsoleGround, draftFor, draftOfPast, type RequestDraft, useGround, useHistory } from "./use-console.js";
import "./console.css";

const c = "/collections/{collection_name}";
const EXPLAIN = "POST /murmur/collections/{collection_name}/explain";
/** Routes whose body the plan can be asked for. */
const EXPLAINED: readonly string[] = [`POST ${c}/points/query`, `POST ${c}/points/query/groups`];

type View = "answer" | "timing" | "plan" | "code" | "history";

interface OfConsole {
  readonly collection: string;
  readonly ground: ConsoleGround;
}

function requestOf(collection: string, { route, inPath, inQuery, body }: RequestDraft): ApiRequest {
  const hasBody = route.schema !== undefined && body.trim() !== "";
  return {
    method: route.method,
    route: route.path,
    parameters: { collection_name: collection, ...inPath },
    query: inQuery,
    body:
      hasBody && bodyProblem({ route, inPath, inQuery, body }) === undefined ? (parseJson(body) as Json) : undefined,
  };
}

function Outcome({ sent }: { readonly sent: Sent }) {
  const { answer } = sent;
  const refusal = refusalOf(answer);
  return (
    <div class="stack">
      <p class="row">
        <Badge mood={refusal === undefined ? "good" : "bad"}>{String(answer.status)}</Badge>
        <span class="soft">{refusal === undefined ? "answered" : "refused"}</span>
      </p>
      <ErrorBox what="The server refused this" error={refusal} />
      <AnswerView text={answer.text} />
    </div>
  );
}

function Console({ collection, ground }: OfConsole) {
  const { routes, document } = ground;
  const first = routes.find((route) => routeName(route) === `POST ${c}/points/query`) ?? routes[0];
  const [draft, setDraft] = useState(() => first && draftFor(first, ground));
  const [view, setView] = useState<View>("answer");
  const [sent, setSent] = useState<Sent>();
  const [plan, setPlan] = useState<JsonObject>();
  const { error, isRunning, start } = useRunning();
  const { history, add, forget } = useHistory();
  if (draft === undefined) return <p>The server describes no routes of collections.</p>;
  const problem = bodyProblem(draft);
  const inPathProblem = pathProblem(requestOf(collection, draft));
  const isReady = problem === undefined && inPathProblem === undefined;
  const canExplain = EXPLAINED.includes(routeName(draft.route)) && routes.some((route) => routeName(route) === EXPLAIN);

  const run = async () => {
    if (!isReady) return;
    const { route, inPath, inQuery, body } = draft;
    if (route.isWrite) {
      const text = (
        <>
          {route.method} <Data text={pathOf(requestOf(collection, draft))} max={600} isBrief />: {route.summary}. It is
          done in every region.
        </>
      );
      const isSure = await question({ title: "Send this write?", text, action: "Send", isDangerous: true });
      if (!isSure) return;
    }
    const text = route.schema === undefined || body.trim() === "" ? undefined : body;
    start(
      (signal) => sendRequest(requestOf(collection, draft), text, signal),
      (answered) => {
        setSent(answered);
        if (answered === undefined) return;
        setView((before) => (before === "timing" ? before : "answer"));
        const { status, tookMs } = answered.answer;
        add({ route: routeName(route), inPath, inQuery, body: text ?? "", status, tookMs, at: Date.now() });
      },
    );
  };
  const explain = () => {
    setView("plan");
    setPlan(undefined);
    const target = path`/murmur/collections/${collection}/explain`;
    start((signal) => ask<JsonObject>("POST", target, { body: draft.body, signal }), setPlan);
  };
  const nothingSent = error === undefined ? <p class="soft">Nothing was sent yet.</p> : null;
  const views = [
    { id: "answer", title: "Answer", content: () => (sent === undefined ? nothingSent : <Outcome sent={sent} />) },
    {
      id: "timing",
      title: "Timing",
      content: () =>
        sent === undefined ? (
          nothingSent
        ) : (
          <TimingView
            tookMs={sent.answer.tookMs}
            firstByteMs={sent.firstByteMs}
            parts={sent.parts}
            bytes={sent.bytes}
            transferBytes={sent.transferBytes}
          />
        ),
    },
    {
      id: "plan",
      title: "Plan",
      content: () =>
        plan === undefined ? (
          <p class="soft">
            {canExplain
              ? "“Explain” asks what this query would do and why, without doing it."
              : "The plan of a query is explained, of query and query/groups."}
          </p>
        ) : (
          <PlanView plan={plan} />
        ),
    },
    {
      id: "code",
      title: "Code",
      content: () =>
        isReady ? (
          <CodeView
            request={requestOf(collection, draft)}
            target={{ url: urlOf("").href.replace(/\/$/, ""), hasKey: apiKey.value !== "" }}
          />
        ) : (
          <p class="field-error">{problem ?? inPathProblem}</p>
        ),
    },
    {
      id: "history",
      title: "History",
      content: () => (
        <HistoryView
          history={history}
          onForget={forget}
          onChoose={(past) => {
            const chosen = draftOfPast(past, routes);
            if (chosen === undefined) notify("The server has no such route.", "failed");
            else setDraft(chosen);
          }}
        />
      ),
    },
  ] as const;
  return (
    <div class="console">
      <Card
        title="Request"
        aside={
          <>
            {canExplain ? (
              <button type="button" disabled={!isReady} onClick={explain}>
                Explain
              </button>
            ) : null}
            <button type="button" class="primary" disabled={!isReady} onClick={() => void run()}>
              {draft.route.isWrite ? "Send…" : "Send"}
            </button>
          </>
        }
      >
        <RequestForm
          routes={routes}
          document={document}
          draft={draft}
          onChange={setDraft}
          onRoute={(route) => {
            setDraft(draftFor(route, ground));
            setPlan(undefined);
          }}
          onRun={() => void run()}
        />
        {inPathProblem === undefined ? null : <p class="soft">{inPathProblem}</p>}
      </Card>
      <Card title="Answer">
        <div aria-busy={isRunning}>
          {isRunning ? <Busy what="Waiting for the server" /> : null}
          <ErrorBox
            what={error instanceof ApiError && error.status >= 400 ? "The server refused this" : "There was no answer"}
            error={error}
          />
          <Tabs label="What is shown" tabs={views} shown={view} onShow={(id) => setView(id as View)} />
        </div>
      </Card>
    </div>
  );
}

/** A console: any request about a collection, written with proposals, sent, and looked at from all sides. */
export function Page({ params }: PageProps) {
  const collection = params["collection"] ?? "";
  const ground = useGround(collection);
  if (ground.value !== undefined) return <Console collection={collection} ground={ground.value} />;
  if (ground.error === undefined) return <Busy />;
  return <ErrorBox what="The console could not be opened" error={ground.error} onRetry={ground.reload} />;
}
