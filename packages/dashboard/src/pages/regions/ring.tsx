import { duration } from "../../format.js";
import type { Member } from "./cluster.js";

const SIZE = 340;
const MIDDLE = SIZE / 2;
const RADIUS = 112;
const NODE = 17;
/** Room for a name. */
const BELOW = 24;
const NAME_CHARACTERS = 16;

const cut = (text: string) => (text.length <= NAME_CHARACTERS ? text : `${text.slice(0, NAME_CHARACTERS - 1)}…`);

interface Placed {
  readonly member: Member;
  readonly x: number;
  readonly y: number;
}

/** Around the ring, this replica at its top. */
function placed(members: readonly Member[]): Placed[] {
  return members.map((member, at) => {
    const angle = (2 * Math.PI * at) / members.length - Math.PI / 2;
    return { member, x: MIDDLE + RADIUS * Math.cos(angle), y: MIDDLE + RADIUS * Math.sin(angle) };
  });
}

function roundTrip({ link }: Member): string {
  const ms = link?.round_trip_ms ?? undefined;
  return ms === undefined ? "" : duration(ms / 1000);
}

/** Lines from this replica to the others, as it sees them. What it draws is said by the table beside it. */
export function Ring({ members }: { readonly members: readonly Member[] }) {
  const nodes = placed(members);
  const top = Math.min(...nodes.map(({ y }) => y), MIDDLE - RADIUS) - NODE - BELOW;
  const bottom = Math.max(...nodes.map(({ y }) => y + NODE + BELOW), MIDDLE + RADIUS) + 2;
  const here = nodes.find(({ member }) => member.isHere);
  return (
    <svg class="ring" viewBox={`0 ${top} ${SIZE} ${bottom - top}`} aria-hidden="true" focusable="false">
      <circle class="ring-round" cx={MIDDLE} cy={MIDDLE} r={RADIUS} />
      {here === undefined
        ? null
        : nodes
            .filter(({ member }) => !member.isHere && !member.isEvicted)
            .map(({ member, x, y }) => (
              <g key={member.id} class={`ring-link ring-${member.mood}`}>
                <line x1={here.x} y1={here.y} x2={x} y2={y} />
                <text x={here.x + (x - here.x) * 0.56} y={here.y + (y - here.y) * 0.56} dy="4">
                  {member.mood === "bad" ? "" : roundTrip(member)}
                </text>
              </g>
            ))}
      {nodes.map(({ member, x, y }) => (
        <g key={member.id} class={`ring-node ring-${member.mood}${member.isHere ? " ring-here" : ""}`}>
          <circle cx={x} cy={y} r={NODE} />
          <text class="ring-sign" x={x} y={y} dy="5">
            {member.mood === "good" ? "✓" : member.mood === "neutral" ? "–" : "!"}
          </text>
          <text class="ring-name" x={x} y={y > MIDDLE + 1 ? y + NODE + 16 : y - NODE - 8}>
            {cut(member.region)}
          </text>
        </g>
      ))}
    </svg>
  );
}
