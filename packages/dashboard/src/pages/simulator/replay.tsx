import { useCallback, useMemo, useState } from "preact/hooks";
import { count } from "../../format.js";
import { Player } from "../../looking/player.js";
import { StepList } from "../../looking/step-list.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { CheckField } from "../../parts/field.js";
import { Canvas, type Drawing } from "../../plot/canvas.js";
import { type Run, type RunEvent, tellEvent, underWay } from "./read-run.js";

const HEIGHT = 420;
const ROW = 44;
const TOP = 44;
/** Events above and below the one that is shown. */
const AROUND = 9;
const LABEL_CHARACTERS = 26;

const colours: Readonly<Record<RunEvent["kind"], string>> = {
  message: "--series-6",
  write: "--good",
  refused: "--warning",
  fault: "--bad",
  crash: "--bad",
  violation: "--bad",
  restored: "--series-1",
  start: "--series-1",
  wait: "--series-3",
  phase: "--text-soft",
};

/** The events around one, time downward, a line for each replica. */
function drawRun({ context, width, height, colour }: Drawing, run: Run, at: number): void {
  const { events, replicas, faults } = run;
  const first = Math.max(0, Math.min(at - AROUND, events.length - 2 * AROUND - 1));
  const last = Math.min(events.length - 1, first + 2 * AROUND);
  const rowHeight = (height - TOP - 24) / (2 * AROUND + 1);
  const yOf = (i: number) => TOP + (i - first + 0.5) * rowHeight;
  const left = 64;
  const laneWidth = (width - left - 12) / Math.max(1, replicas.length);
  const xOf = (id: number) => left + (Math.max(0, replicas.indexOf(id)) + 0.5) * laneWidth;
  const isLit = new Set(underWay(events, at));
  context.font = `12px ${colour("--font") || "sans-serif"}`;
  context.textBaseline = "middle";
  // while a fault lasts, its replica's lane is shaded
  for (const { replica, atMs, forMs } of faults) {
    if (!replicas.includes(replica)) continue;
    let [from, to] = [-1, -1];
    for (let i = first; i <= last; i++) {
      const time = events[i]?.atMs ?? 0;
      if (time < atMs || time > atMs + forMs) continue;
      if (from < 0) from = i;
      to = i;
    }
    if (from < 0) continue;
    context.fillStyle = colour("--bad-soft");
    context.fillRect(
      xOf(replica) - laneWidth * 0.42,
      yOf(from) - rowHeight / 2,
      laneWidth * 0.84,
      (to - from + 1) * rowHeight,
    );
  }
  context.fillStyle = colour("--accent-soft");
  context.fillRect(0, yOf(at) - rowHeight / 2, width, rowHeight);
  for (const id of replicas) {
    context.strokeStyle = colour("--line-strong");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(xOf(id), TOP - 10);
    context.lineTo(xOf(id), height - 8);
    context.stroke();
    context.fillStyle = colour("--text");
    context.textAlign = "center";
    context.fillText(laneWidth > 70 ? `replica ${id}` : String(id), xOf(id), TOP - 24);
  }
  const text = (words: string, x: number, y: number, room: number) => {
    const most = Math.max(4, Math.min(LABEL_CHARACTERS, Math.floor(room / 6.5)));
    context.lineWidth = 3;
    context.strokeStyle = colour("--surface");
    const shown = words.length > most ? `${words.slice(0, most - 1)}…` : words;
    context.strokeText(shown, x, y);
    context.fillText(shown, x, y);
  };
  for (let i = first; i <= last; i++) {
    const event = events[i] as RunEvent;
    const y = yOf(i);
    context.fillStyle = colour("--text-soft");
    context.textAlign = "right";
    context.fillText(`${event.atMs} ms`, left - 6, y);
    const isNow = i === at;
    context.globalAlpha = isNow || isLit.has(i) || event.isTold ? 1 : 0.45;
    context.strokeStyle = colour(colours[event.kind]);
    context.fillStyle = context.strokeStyle;
    const { message } = event;
    if (message !== undefined) {
      const isLost = message.fate === "cut" || message.fate === "dropped" || message.fate === "damaged";
      if (isLost) context.strokeStyle = context.fillStyle = colour("--bad");
      const [from, to] = [xOf(message.from), xOf(message.to)];
      const end = isLost ? from + (to - from) * 0.45 : to;
      context.lineWidth = isNow ? 3 : 1.5;
      context.setLineDash(isLost ? [5, 4] : []);
      context.beginPath();
      context.moveTo(from, y);
      context.lineTo(end, y);
      context.stroke();
      context.setLineDash([]);
      const tip = end > from ? -7 : 7;
      context.beginPath();
      context.moveTo(end, y);
      context.lineTo(end + tip, y - 4);
      context.lineTo(end + tip, y + 4);
      context.fill();
    } else if (event.replica > 0 && replicas.includes(event.replica)) {
      const x = xOf(event.replica);
      context.beginPath();
      if (event.kind === "fault" || event.kind === "crash") context.rect(x - 5, y - 5, 10, 10);
      else context.arc(x, y, isNow ? 6 : 4.5, 0, 2 * Math.PI);
      context.fill();
      context.fillStyle = colour("--text");
      context.textAlign = "left";
      text(event.operations || event.text, x + 9, y, laneWidth / 2);
    } else {
      context.textAlign = "left";
      context.fillStyle = colour(colours[event.kind]);
      text(event.text, left + 4, y, width - left);
    }
    context.globalAlpha = 1;
  }
}

/** A run, played event by event. */
export function Replay({ run }: { readonly run: Run }) {
  const [isToldAlone, setToldAlone] = useState(false);
  const hasStory = run.events.some(({ isTold }) => isTold);
  const shown = useMemo(
    () =>
      isToldAlone ? { ...run, events: run.events.filter(({ isTold, kind }) => isTold || kind === "violation") } : run,
    [run, isToldAlone],
  );
  const { events, faults } = shown;
  const [step, setStep] = useState(0);
  const at = Math.min(step, Math.max(0, events.length - 1));
  const event = events[at];
  const draw = useCallback((drawing: Drawing) => drawRun(drawing, shown, at), [shown, at]);
  const onStep = useCallback((next: number) => setStep(next), []);
  const lasting =
    event === undefined ? [] : faults.filter(({ atMs, forMs }) => atMs <= event.atMs && event.atMs <= atMs + forMs);
  const violationAt = events.findIndex(({ kind }) => kind === "violation");
  return (
    <div class="looking">
      <Card
        title="What happens"
        aside={
          violationAt < 0 ? null : (
            <button type="button" class="small" onClick={() => setStep(violationAt)}>
              To the broken rule
            </button>
          )
        }
      >
        <Player label="the run" steps={events.length} at={at} onStep={onStep} stepMs={500}>
          <Canvas
            label="The events around this one: a line for each replica, messages as arrows. They stand as a list beside."
            height={HEIGHT}
            draw={draw}
          />
          <p role="status">
            {event === undefined ? "" : `${count(event.atMs)} ms: `}
            {event === undefined ? null : <Data text={tellEvent(event)} max={300} />}
          </p>
          <p class="soft">
            {lasting.length === 0
              ? "No fault lasts at this moment."
              : `Faults at this moment: ${lasting.map(({ kind, replica }) => `${kind} at replica ${replica}`).join(", ")}.`}
          </p>
        </Player>
      </Card>
      <Card title="Events">
        {hasStory ? (
          <CheckField
            label="only what led to the broken rule"
            isChecked={isToldAlone}
            onChange={(isAlone) => {
              setToldAlone(isAlone);
              setStep(0);
            }}
          />
        ) : null}
        <StepList
          label="Events of the run"
          steps={events}
          at={at}
          onStep={onStep}
          render={(one) => (
            <>
              <span class="soft">{count(one.atMs)} ms</span> <Data text={tellEvent(one)} max={110} isBrief />
            </>
          )}
          isTold={(one) => one.isTold}
          rowHeight={ROW}
          height={460}
        />
      </Card>
    </div>
  );
}
