import { useCallback, useMemo, useState } from "preact/hooks";
import { ask, path } from "../../api.js";
import { count, percent } from "../../format.js";
import { PointLink } from "../../looking/link-to-point.js";
import { Player } from "../../looking/player.js";
import { StepList } from "../../looking/step-list.js";
import { type DenseVector, queryOfText } from "../../looking/vectors.js";
import { Busy } from "../../parts/busy.js";
import { Card } from "../../parts/card.js";
import { ErrorBox } from "../../parts/error-box.js";
import { TextField } from "../../parts/field.js";
import { WholeNumberField, wholeNumber } from "../../parts/whole-number-field.js";
import { type DrawnEdge, type DrawnNode, NodeCanvas } from "../../plot/node-canvas.js";
import { useRunning } from "../../use-running.js";
import { layOut, nameOf, parentsOf, stateAt, stepsOf, tellStep, type Walked } from "./walk.js";

const HEIGHT = 460;
const EF_MAX = 65_536;
const LIMIT_MAX = 100;
const ROW = 62;

function Picture({ walked, at }: { readonly walked: Walked; readonly at: number }) {
  const { nodes } = walked;
  const steps = useMemo(() => stepsOf(walked), [walked]);
  const parents = useMemo(() => parentsOf(steps), [steps]);
  const places = useMemo(() => layOut(nodes, parents), [nodes, parents]);
  const [pointed, setPointed] = useState<number>();
  const { drawn, edges, shown } = useMemo(() => {
    const { looked, kept, expanded } = stateAt(walked, steps, at);
    const step = steps[at];
    const now = new Set(step?.expanded);
    const found = new Set(at === steps.length - 1 ? walked.points.map(({ node }) => node) : []);
    const isNew = new Set(step?.looked);
    // what is in work is drawn above the rest
    const weight = (place: number) => (now.has(place) ? 3 : found.has(place) ? 2 : isNew.has(place) ? 1 : 0);
    const order = [...looked].sort((a, b) => weight(a) - weight(b) || b - a);
    const indexOf = new Map(order.map((place, i) => [place, i + 1]));
    const list = order.map((place): DrawnNode => {
      const node = nodes[place];
      const isMarked = now.has(place) || found.has(place) || place === pointed;
      return {
        ...(places[place] as { x: number; y: number }),
        radius: isMarked ? 7 : kept.has(place) ? 5 : 3,
        colour: found.has(place)
          ? "--good"
          : now.has(place)
            ? "--series-2"
            : kept.has(place)
              ? "--series-1"
              : "--line-strong",
        isHollow: kept.has(place) && !expanded.has(place) && !now.has(place),
        isNamed: place === pointed,
        ...(isMarked ? { label: node?.id === null ? node.dot : String(node?.id) } : {}),
      };
    });
    const lines = order.flatMap((place): DrawnEdge[] => {
      const [from, to] = [indexOf.get(parents.get(place) ?? -1), indexOf.get(place)];
      if (from === undefined || to === undefined) return [];
      const isNow = isNew.has(place);
      return [{ from, to, colour: isNow ? "--accent" : "--line", width: isNow ? 1.5 : 1 }];
    });
    const query: DrawnNode = { x: 0, y: 0, radius: 6, colour: "--bad", label: "query", isNamed: true };
    return { drawn: [query, ...list], edges: lines, shown: order };
  }, [walked, steps, at, nodes, places, parents, pointed]);
  const node = pointed === undefined ? undefined : nodes[pointed];
  return (
    <>
      <NodeCanvas
        label="The walk so far: the query in the middle, nodes the nearer the closer. Its steps stand as a list beside."
        height={HEIGHT}
        nodes={drawn}
        edges={edges}
        onPoint={(index) => setPointed(index === undefined ? undefined : shown[index - 1])}
      />
      <p class="soft pointed">
        {node === undefined
          ? "Filled: expanded. Hollow: kept, not expanded yet. Small: looked at, and too far away."
          : `${nameOf(node)}: distance ${Number(node.distance.toPrecision(6))}, up to layer ${node.level}`}
      </p>
    </>
  );
}

interface ShownProps {
  readonly collection: string;
  readonly walked: Walked;
}

function Shown({ collection, walked }: ShownProps) {
  const [at, setAt] = useState(0);
  const steps = useMemo(() => stepsOf(walked), [walked]);
  const { nodes, walks, points, end, cut, settled } = walked;
  const step = steps[at];
  const onStep = useCallback((next: number) => setAt(next), []);
  return (
    <div class="looking">
      <Card title="The walk">
        {steps.length === 0 ? (
          <p>There was none: {end}.</p>
        ) : (
          <Player label="the walk" steps={steps.length} at={at} onStep={onStep}>
            <Picture walked={walked} at={at} />
            <p role="status">
              {step === undefined ? "" : tellStep(walked, step)}
              {at === steps.length - 1 ? `. It ends: ${end}.` : "."}
            </p>
          </Player>
        )}
        {walks.map(({ ef, ranked, steps_taken: taken, compared, candidates }, i) => (
          <p key={i} class="soft">
            {walks.length > 1 ? `Walk ${i + 1}: ` : ""}width {count(ef)}, {count(taken)} steps, {count(compared)}{" "}
            comparisons, {count(candidates)} candidates in the end
            {ranked > 0 ? `, the best ${count(ranked)} ranked again by their exact distances` : ""}.
          </p>
        ))}
        {cut ? <p class="soft">It went on behind the last step that is told here.</p> : null}
        {settled ? null : <p class="soft">Writes were applied to the graph meanwhile.</p>}
      </Card>
      <div class="stack">
        <Card title="Steps">
          <StepList
            label="Steps of the walk"
            steps={steps}
            at={at}
            onStep={onStep}
            render={(one) => tellStep(walked, one)}
            rowHeight={ROW}
            height={400}
          />
        </Card>
        <Card title="Answer">
          <ol class="near">
            {points.map(({ id, score }) => (
              <li key={String(id)}>
                <PointLink collection={collection} id={id} /> <span class="soft">{score}</span>
              </li>
            ))}
          </ol>
          <p class="soft">
            {count(nodes.length)} nodes were met
            {steps.length === 0 ? "" : `, ${percent(points.length / Math.max(1, nodes.length))} of them are the answer`}
            .
          </p>
        </Card>
      </div>
    </div>
  );
}

/** The walk of a query through the graph, step by step. */
export function WalkView({ collection, vector }: { readonly collection: string; readonly vector: DenseVector }) {
  const [text, setText] = useState("");
  const [ef, setEf] = useState("32");
  const [limit, setLimit] = useState("5");
  const [walked, setWalked] = useState<Walked>();
  const [turn, setTurn] = useState(0);
  const { error, isRunning, start } = useRunning();
  const [efGiven, limitGiven] = [wholeNumber(ef, EF_MAX), wholeNumber(limit, LIMIT_MAX)];
  const walk = () =>
    start(
      (signal) => {
        const query = queryOfText(text, vector.size);
        const body = { query, using: vector.name, limit: limitGiven, params: { hnsw_ef: efGiven } };
        return ask<Walked>("POST", path`/murmur/collections/${collection}/graph/walk`, { body, signal });
      },
      (told) => {
        setWalked(told);
        setTurn((before) => before + 1);
      },
    );
  const isReady = efGiven !== undefined && limitGiven !== undefined;
  return (
    <div class="stack">
      <Card title="Query">
        <form
          class="controls"
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady) walk();
          }}
        >
          <TextField
            label="A point's id, or a vector"
            value={text}
            onInput={setText}
            placeholder={`7, or ${Math.min(vector.size, 3)}${vector.size > 3 ? " … " : " "}numbers`}
          />
          <WholeNumberField label="Width (hnsw_ef)" value={ef} onInput={setEf} most={EF_MAX} />
          <WholeNumberField label="Answers" value={limit} onInput={setLimit} most={LIMIT_MAX} />
          <div class="row">
            <button type="submit" class="primary" disabled={!isReady}>
              Walk
            </button>
            {isRunning ? <Busy what="Walking" /> : null}
          </div>
        </form>
        <ErrorBox what="The query could not be walked" error={error} />
      </Card>
      {walked === undefined ? null : <Shown key={turn} collection={collection} walked={walked} />}
    </div>
  );
}
