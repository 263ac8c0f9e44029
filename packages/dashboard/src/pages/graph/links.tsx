import { useMemo, useState } from "preact/hooks";
import { ask, path } from "../../api.js";
import { type Id, PointLink } from "../../looking/link-to-point.js";
import { type DenseVector, idOfText } from "../../looking/vectors.js";
import { Busy } from "../../parts/busy.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { ErrorBox } from "../../parts/error-box.js";
import { TextField } from "../../parts/field.js";
import { type DrawnEdge, type DrawnNode, NodeCanvas } from "../../plot/node-canvas.js";
import { useResource } from "../../use-resource.js";

interface Link {
  readonly id: Id | null;
  readonly dot: string;
  readonly dead: boolean;
  readonly distance: number;
}

interface Level {
  readonly level: number;
  readonly neighbours: readonly Link[];
}

const HEIGHT = 420;
/** Nodes that were looked at before. */
const TRAIL_MAX = 30;
const near = (distance: number) => String(Number(distance.toPrecision(5)));

/** Some point to begin with. */
async function anyPoint(collection: string, vector: string, signal: AbortSignal): Promise<Id | undefined> {
  const filter = { must: [{ has_vector: vector }] };
  const body = { limit: 1, filter, with_payload: false, with_vector: false };
  const page = await ask<{ readonly points: readonly { readonly id: Id }[] }>(
    "POST",
    path`/collections/${collection}/points/scroll`,
    { body, signal },
  );
  return page.points[0]?.id;
}

function Picture({ id, level, onGo }: { readonly id: Id; readonly level: Level; readonly onGo: (id: Id) => void }) {
  const { neighbours } = level;
  const [pointed, setPointed] = useState<number>();
  const { nodes, edges } = useMemo(() => {
    const farthest = neighbours.at(-1)?.distance ?? 1;
    const nearest = neighbours[0]?.distance ?? 0;
    const around = neighbours.map((one, i): DrawnNode => {
      const turn = (i / Math.max(1, neighbours.length)) * 2 * Math.PI - Math.PI / 2;
      const share = farthest > nearest ? (one.distance - nearest) / (farthest - nearest) : 1;
      const radius = 0.35 + 0.6 * share;
      const isLabelled = neighbours.length <= 24 || pointed === i + 1;
      return {
        x: radius * Math.cos(turn),
        y: radius * Math.sin(turn),
        radius: 6,
        colour: one.dead ? "--text-soft" : "--series-1",
        isHollow: one.id === null,
        isNamed: pointed === i + 1,
        ...(isLabelled ? { label: one.id === null ? one.dot : String(one.id) } : {}),
      };
    });
    const middle: DrawnNode = { x: 0, y: 0, radius: 9, colour: "--series-2", label: String(id), isNamed: true };
    const lines: DrawnEdge[] = neighbours.map((_, i) => ({
      from: 0,
      to: i + 1,
      colour: pointed === i + 1 ? "--accent" : "--line-strong",
      width: pointed === i + 1 ? 2.5 : 1,
    }));
    return { nodes: [middle, ...around], edges: lines };
  }, [id, neighbours, pointed]);
  return (
    <NodeCanvas
      label={`Point ${id} and its ${neighbours.length} links on layer ${level.level}. They stand in the list beside.`}
      height={HEIGHT}
      nodes={nodes}
      edges={edges}
      onPoint={setPointed}
      onPress={(node) => {
        const one = neighbours[node - 1];
        if (one !== undefined && one.id !== null) onGo(one.id);
      }}
    />
  );
}

/** A node of the graph with its links by layer; from one to the next by a press. */
export function Links({ collection, vector }: { readonly collection: string; readonly vector: DenseVector }) {
  const [text, setText] = useState("");
  const [trail, setTrail] = useState<readonly Id[]>([]);
  const [layer, setLayer] = useState(0);
  const start = useResource((signal) => anyPoint(collection, vector.name, signal), [collection, vector.name]);
  const id = trail.at(-1) ?? start.value;
  const links = useResource(
    async (signal) => {
      if (id === undefined) return undefined;
      const target = `${path`/murmur/collections/${collection}/points/${id}/links`}?vector=${encodeURIComponent(vector.name)}`;
      return { id, levels: await ask<readonly Level[]>("GET", target, { signal }) };
    },
    [collection, vector.name, id],
  );
  const go = (next: Id) => {
    setTrail([...trail.slice(1 - TRAIL_MAX), ...(trail.length === 0 && id !== undefined ? [id] : []), next]);
    setLayer(0);
  };
  const levels = links.value?.levels ?? [];
  const level = levels[Math.min(layer, levels.length - 1)];
  return (
    <div class="looking">
      <Card title="Node">
        <form
          class="controls"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== "") go(idOfText(text));
          }}
        >
          <TextField label="Point" value={text} onInput={setText} placeholder={id === undefined ? "id" : String(id)} />
          <div class="row">
            <button type="submit" disabled={text.trim() === ""}>
              Show its links
            </button>
            {trail.length > 1 ? (
              <button type="button" onClick={() => setTrail(trail.slice(0, -1))}>
                Back to <Data text={String(trail.at(-2))} max={20} isBrief />
              </button>
            ) : null}
          </div>
        </form>
        <ErrorBox
          what="The links could not be read"
          error={links.error ?? start.error}
          onRetry={links.error === undefined ? start.reload : links.reload}
        />
        {id === undefined && !start.isLoading && start.error === undefined ? (
          <p>No point has this vector yet.</p>
        ) : null}
        {levels.length > 1 ? (
          <fieldset class="row layers">
            <legend class="heard">Layer</legend>
            {levels.map((one, i) => (
              <button key={i} type="button" class="small" aria-pressed={one === level} onClick={() => setLayer(i)}>
                Layer {one.level} ({one.neighbours.length})
              </button>
            ))}
          </fieldset>
        ) : null}
        {links.value === undefined || level === undefined ? (
          links.error === undefined && id !== undefined ? (
            <Busy />
          ) : null
        ) : (
          <Picture id={links.value.id} level={level} onGo={go} />
        )}
      </Card>
      <Card title={level === undefined ? "Links" : `Links on layer ${level.level}`}>
        {links.value === undefined ? null : (
          <p>
            Of <PointLink collection={collection} id={links.value.id} />, nearest first. A press walks on.
          </p>
        )}
        <ol class="near">
          {(level?.neighbours ?? []).map(({ id: to, dot, dead, distance }) => (
            <li key={dot}>
              {to === null ? (
                <span class="soft">
                  node {dot}
                  {dead ? ", dead" : ""}
                </span>
              ) : (
                <button type="button" class="link" onClick={() => go(to)}>
                  <Data text={String(to)} max={40} isBrief />
                </button>
              )}{" "}
              <span class="soft">{near(distance)}</span>
            </li>
          ))}
        </ol>
        {level?.neighbours.length === 0 ? <p class="soft">It has no links on this layer.</p> : null}
      </Card>
    </div>
  );
}
