import { ask, path } from "../../api.js";
import { type CollectionInfo, objectAt, type VectorInfo, vectorsOf } from "../../collection/collection-info.js";
import {
  datatypeWords,
  distanceWords,
  otherSettings,
  placeWords,
  quantizationWords,
  searchWords,
  statusWords,
} from "../../collection/describe-collection.js";
import { count } from "../../format.js";
import { printJson } from "../../json.js";
import type { PageProps } from "../../page.js";
import { Badge } from "../../parts/badge.js";
import { Busy } from "../../parts/busy.js";
import { Card } from "../../parts/card.js";
import { CopyButton } from "../../parts/copy-button.js";
import { Data } from "../../parts/data.js";
import { ErrorBox } from "../../parts/error-box.js";
import { JsonView } from "../../parts/json-view.js";
import { Stat } from "../../parts/stat.js";
import { Table } from "../../parts/table.js";
import { useResource } from "../../use-resource.js";
import { Aliases } from "./aliases.js";
import { Canary } from "./canary.js";
import { PayloadIndexes } from "./payload-indexes.js";
import "./configuration.css";

const REFRESH_MS = 5_000;

function Glance({ info }: { readonly info: CollectionInfo }) {
  const { status, points_count: points = 0, indexed_vectors_count: vectors = 0, payload_schema: indexes } = info;
  const isGreen = status === "green";
  return (
    <Card title="At a glance" aside={<Badge mood={isGreen ? "good" : "warning"}>{status}</Badge>}>
      <dl class="stats">
        <Stat label="Points" value={count(points)} />
        <Stat label="Vectors in graphs" value={count(vectors)} />
        <Stat label="Names of vectors" value={count(vectorsOf(info).length)} />
        <Stat label="Payload indexes" value={count(Object.keys(indexes).length)} />
      </dl>
      <p class="soft configuration-note">{`Status: ${statusWords(status)}.`}</p>
    </Card>
  );
}

function Vectors({ info }: { readonly info: CollectionInfo }) {
  return (
    <Card title="Vectors">
      <Table<VectorInfo>
        caption="Vectors of this collection"
        rows={vectorsOf(info)}
        keyOf={({ kind, name }) => `${kind} ${name}`}
        columns={[
          {
            title: "Name",
            isRowHeader: true,
            cell: ({ name }) =>
              name === "" ? <span class="data-empty">unnamed</span> : <Data text={name} max={60} isBrief />,
          },
          { title: "Kind", cell: ({ kind }) => kind },
          { title: "Dimensions", isNumber: true, cell: ({ size }) => (size === undefined ? "–" : count(size)) },
          { title: "Distance", cell: distanceWords },
          { title: "Stored as", cell: (vector) => (vector.kind === "sparse" ? "float32" : datatypeWords(vector)) },
          { title: "Kept", cell: placeWords },
          { title: "Searched", cell: (vector) => searchWords(vector, info.config) },
        ]}
      />
      <p class="soft configuration-note">{quantizationWords(info.config["quantization_config"])}</p>
    </Card>
  );
}

/** How a collection is set up, in words and as JSON. */
export function Page({ params }: PageProps) {
  const collection = params["collection"] ?? "";
  const info = useResource<CollectionInfo>(
    (signal) => ask("GET", path`/collections/${collection}`, { signal }),
    [collection],
    REFRESH_MS,
  );
  if (info.value === undefined) {
    if (info.error === undefined) return <Busy />;
    return <ErrorBox what="The collection could not be read" error={info.error} onRetry={info.reload} />;
  }
  const { value } = info;
  return (
    <div class="stack configuration">
      <ErrorBox what="The collection could not be read again" error={info.error} onRetry={info.reload} />
      <Glance info={value} />
      <Vectors info={value} />
      <PayloadIndexes collection={collection} info={value} onChanged={info.reload} />
      <Aliases collection={collection} />
      <Canary
        collection={collection}
        vectors={vectorsOf(value).flatMap(({ kind, name }) => (kind === "dense" ? [name] : []))}
      />
      <Card title="Other settings">
        <p class="soft">
          The graph is made with <code>m</code> and <code>ef_construct</code>; of the others, some have no effect here
          and are kept as they were given.
        </p>
        <div class="configuration-settings">
          <div>
            <h3>hnsw_config</h3>
            <JsonView value={objectAt(value.config, "hnsw_config")} openDepth={1} />
          </div>
          {otherSettings(value).map(([name, setting]) => (
            <div key={name}>
              <h3>{name}</h3>
              <JsonView value={setting} openDepth={1} />
            </div>
          ))}
        </div>
      </Card>
      <Card title="As JSON" aside={<CopyButton text={() => printJson(value, 2)} />}>
        <JsonView value={value} openDepth={0} />
      </Card>
    </div>
  );
}
