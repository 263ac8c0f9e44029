/** A run under faults as text. */
export function chaosReport({ seed, seconds, faults, acknowledged, sessions, violations, digest, equalAfterSeconds }) {
  const { reads, writes, refused, unanswered } = sessions;
  const counted = Object.entries(faults).sort(([a], [b]) => (a < b ? -1 : 1));
  const written = Object.entries(acknowledged).map(([region, count]) => `${region} ${count}`);
  return [
    `${seconds} s of faults, seed ${seed}`,
    ...counted.map(([name, count]) => `  ${String(count).padStart(4)}  ${name}`),
    `Writes acknowledged: ${written.join(", ")}`,
    `Sessions: ${writes} writes and ${reads} reads answered, ${refused} refused, ${unanswered} without an answer`,
    ...(violations.length === 0
      ? [
          `Healed: all regions equal, answers the same and every acknowledged write there after ${equalAfterSeconds.toFixed(1)} s`,
          `  points ${digest.points_digest}`,
          `  graph  ${digest.graph_digest}`,
        ]
      : [`Broken promises: ${violations.length}`, ...violations.map((violation) => `  ${violation}`)]),
  ].join("\n");
}
