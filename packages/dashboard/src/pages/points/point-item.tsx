import { useState } from "preact/hooks";
import { shortText } from "../../answers/table.js";
import type { PointRecord } from "../../collection/points.js";
import { printJson } from "../../json.js";
import { CopyButton } from "../../parts/copy-button.js";
import { Data } from "../../parts/data.js";
import { JsonView } from "../../parts/json-view.js";

export interface PointItemProps {
  readonly point: PointRecord;
  readonly isChosen: boolean;
  readonly onChoose: (isChosen: boolean) => void;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}

/** Characters of a payload on the line of its point. */
const SUMMARY_MAX = 160;

/** A point: its id and the beginning of its payload; opened, all of it as a tree. */
export function PointItem({ point, isChosen, onChoose, onEdit, onDelete }: PointItemProps) {
  const { id, payload, vector } = point;
  const [isOpen, setOpen] = useState(false);
  const fields = Object.keys(payload ?? {}).length;
  const name = String(id);
  return (
    <li class="point">
      <div class="point-head">
        <input
          type="checkbox"
          aria-label={`Choose point ${name}`}
          checked={isChosen}
          onChange={(event) => onChoose(event.currentTarget.checked)}
        />
        <button type="button" class="json-toggle point-open" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> <span class="mono point-id">{name}</span>{" "}
          <span class="point-summary">
            {fields === 0 ? (
              <span class="data-empty">no payload</span>
            ) : (
              <Data text={shortText(payload ?? null, SUMMARY_MAX)} max={SUMMARY_MAX + 1} isBrief />
            )}
          </span>
        </button>
        <span class="point-actions">
          <button type="button" class="small" aria-label={`Edit the payload of ${name}`} onClick={onEdit}>
            Edit
          </button>
          <button type="button" class="small danger" aria-label={`Delete point ${name}`} onClick={onDelete}>
            Delete
          </button>
        </span>
      </div>
      {isOpen ? (
        <div class="point-body">
          <div class="row">
            <CopyButton text={name} label="Copy the id" />
            <CopyButton text={() => printJson(payload ?? {}, 2)} label="Copy the payload" />
            {vector === undefined ? null : <CopyButton text={() => printJson(vector)} label="Copy the vectors" />}
          </div>
          <h3>Payload</h3>
          <JsonView value={payload ?? {}} openDepth={1} />
          {vector === undefined ? null : (
            <>
              <h3>Vectors</h3>
              <JsonView value={vector} openDepth={0} />
            </>
          )}
        </div>
      ) : null}
    </li>
  );
}
