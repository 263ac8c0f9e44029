import { useMemo, useState } from "preact/hooks";
import { ask, path } from "../../api.js";
import { count, duration } from "../../format.js";
import { type Id, PointLink } from "../../looking/link-to-point.js";
import { type Collection, type DenseVector, vectorTitle } from "../../looking/vectors.js";
import { WithDenseVectors } from "../../looking/with-dense-vectors.js";
import type { PageProps } from "../../page.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { ErrorBox } from "../../parts/error-box.js";
import { SelectField, TextField } from "../../parts/field.js";
import { Stat } from "../../parts/stat.js";
import { Table } from "../../parts/table.js";
import { WaitingButton } from "../../parts/waiting-button.js";
import { WholeNumberField, wholeNumber } from "../../parts/whole-number-field.js";
import { LinePlot } from "../../plot/line-plot.js";
import { useRunning } from "../../use-running.js";
import { shareText, widthsOfText } from "./widths.js";
import "../../looking/looking.css";

interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly mean: number;
}

/** What `POST /murmur/collections/{c}/quality` tells. */
interface Quality {
  readonly points: number;
  readonly sampled: number;
  readonly limit: number;
  readonly settled: boolean;
  readonly exact: { readonly latency_ms: Latency };
  readonly widths: readonly {
    readonly ef: number;
    readonly recall: number;
    readonly recall_min: number;
    readonly perfect: number;
    readonly latency_ms: Latency;
  }[];
  readonly worst: readonly { readonly id: Id; readonly recall: number }[];
}

const WIDTHS = "16 32 64 128 192 384";
const TIMEOUT_SECONDS = 120;
const SAMPLES_MAX = 1_000;
const LIMIT_MAX = 100;
const time = (ms: number) => duration(ms / 1_000);

interface ToldProps {
  readonly collection: string;
  /** The vector that it was measured of, in words. */
  readonly title: string;
  readonly quality: Quality;
}

function Told({ collection, title, quality }: ToldProps) {
  const { widths, worst, sampled, points, limit, exact, settled } = quality;
  const efs = useMemo(() => widths.map(({ ef }) => ef), [widths]);
  const recall = useMemo(
    () => [
      { label: `recall@${limit}`, values: widths.map((one) => one.recall), format: shareText },
      { label: "of the worst query", values: widths.map((one) => one.recall_min), format: shareText },
    ],
    [widths, limit],
  );
  const latency = useMemo(
    () => [
      { label: "p50", values: widths.map((one) => one.latency_ms.p50), format: time },
      { label: "p95", values: widths.map((one) => one.latency_ms.p95), format: time },
    ],
    [widths],
  );
  return (
    <>
      <Card title="What was measured">
        <p class="soft">
          Of <Data text={title} max={80} isBrief />
        </p>
        <dl class="stats">
          <Stat label="Queries" value={count(sampled)} note={`stored points of ${count(points)}, itself left out`} />
          <Stat label="Neighbours each" value={count(limit)} />
          <Stat label="Exact search, p50" value={time(exact.latency_ms.p50)} note="all points compared" />
          <Stat
            label="Graph"
            value={settled ? "at rest" : "in motion"}
            note={settled ? "nothing was applied meanwhile" : "writes were applied meanwhile"}
          />
        </dl>
      </Card>
      <div class="grid">
        <Card title="Recall by width">
          <LinePlot
            label="Recall by width (hnsw_ef); the figures stand in the table below"
            xs={efs}
            xLabel="hnsw_ef"
            yLabel="recall"
            lines={recall}
          />
        </Card>
        <Card title="Latency by width">
          <LinePlot
            label="Latency of one search by width (hnsw_ef); the figures stand in the table below"
            xs={efs}
            xLabel="hnsw_ef"
            yLabel="time of one search"
            lines={latency}
          />
        </Card>
      </div>
      <Card title="Figures">
        <Table
          caption="Recall and latency by width"
          rows={widths}
          keyOf={({ ef }) => ef}
          columns={[
            { title: "hnsw_ef", isRowHeader: true, cell: ({ ef }) => count(ef) },
            { title: `recall@${limit}`, isNumber: true, cell: (one) => shareText(one.recall) },
            { title: "worst query", isNumber: true, cell: (one) => shareText(one.recall_min) },
            { title: "found all", isNumber: true, cell: (one) => `${count(one.perfect)} of ${count(sampled)}` },
            { title: "p50", isNumber: true, cell: (one) => time(one.latency_ms.p50) },
            { title: "p95", isNumber: true, cell: (one) => time(one.latency_ms.p95) },
            { title: "p99", isNumber: true, cell: (one) => time(one.latency_ms.p99) },
          ]}
        />
        <p class="soft">
          Times are of the search alone, in a reader's thread, with whatever else the machine did meanwhile. Where a
          walk would cost more than comparing all points, the search is exact whatever the width.
        </p>
      </Card>
      {worst.length === 0 ? null : (
        <Card title={`Found worst with hnsw_ef ${widths[0]?.ef ?? ""}`}>
          <ol class="near">
            {worst.map(({ id, recall: share }) => (
              <li key={String(id)}>
                <PointLink collection={collection} id={id} /> <span class="soft">{shareText(share)}</span>
              </li>
            ))}
          </ol>
        </Card>
      )}
    </>
  );
}

function Measuring({ collection, info }: { readonly collection: string; readonly info: Collection }) {
  const [vector, setVector] = useState(info.vectors[0]?.name ?? "");
  const [samples, setSamples] = useState("100");
  const [limit, setLimit] = useState("10");
  const [widths, setWidths] = useState(WIDTHS);
  const [quality, setQuality] = useState<{ readonly of: string; readonly told: Quality }>();
  const { error, isRunning, start, cancel } = useRunning();
  const efs = widthsOfText(widths);
  const [samplesGiven, limitGiven] = [wholeNumber(samples, SAMPLES_MAX), wholeNumber(limit, LIMIT_MAX)];
  const isReady = typeof efs !== "string" && samplesGiven !== undefined && limitGiven !== undefined;
  const measure = () => {
    const of = vectorTitle(info.vectors.find(({ name }) => name === vector) as DenseVector);
    const body = { using: vector, samples: samplesGiven, limit: limitGiven, hnsw_ef: efs };
    const target = `${path`/murmur/collections/${collection}/quality`}?timeout=${TIMEOUT_SECONDS}`;
    start(
      (signal) => ask<Quality>("POST", target, { body, signal }),
      (told) => setQuality(told && { of, told }),
    );
  };
  return (
    <div class="stack">
      <Card title="Measure now">
        <form
          class="controls"
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady && !isRunning) measure();
          }}
        >
          <SelectField
            label="Vector"
            value={vector}
            options={info.vectors.map((one) => ({ value: one.name, label: vectorTitle(one) }))}
            onChange={setVector}
          />
          <WholeNumberField
            label="Points, drawn by their ids"
            value={samples}
            onInput={setSamples}
            most={SAMPLES_MAX}
          />
          <WholeNumberField label="Neighbours of each" value={limit} onInput={setLimit} most={LIMIT_MAX} />
          <TextField
            label="Widths (hnsw_ef)"
            value={widths}
            onInput={setWidths}
            error={typeof efs === "string" ? efs : undefined}
          />
          <div class="row">
            <WaitingButton type="submit" class="primary" isDisabled={!isReady} isWaiting={isRunning}>
              {isRunning ? "Measuring…" : "Measure"}
            </WaitingButton>
            {isRunning ? (
              <button type="button" onClick={cancel}>
                Cancel
              </button>
            ) : null}
          </div>
        </form>
        <p class="soft">
          Each point's nearest others are looked for by comparing all points, and by the graph with each of the widths.
        </p>
        <ErrorBox what="It could not be measured" error={error} onRetry={measure} />
      </Card>
      {quality === undefined ? null : <Told collection={collection} title={quality.of} quality={quality.told} />}
    </div>
  );
}

/** How good and how fast the search is now: approximate against exact, by width. */
export function Page({ params }: PageProps) {
  const collection = params["collection"] ?? "";
  const none = "This collection has no dense vectors: all others are searched exactly, with a recall of 100 %.";
  return (
    <WithDenseVectors collection={collection} none={none}>
      {(info) => <Measuring collection={collection} info={info} />}
    </WithDenseVectors>
  );
}
