// A session that hops between regions and never reads less than it has read or written before, by the token that every answer carries.
const { MURMUR_API_KEY: apiKey, COLLECTION: collection = "hop-example" } = process.env;
const asked = process.argv.slice(2);
const regions = asked.length > 0 ? asked : [6333, 6343, 6353].map((port) => `http://127.0.0.1:${port}`);
const STEPS = 12;
/** What the collection says of itself: one that does not is somebody's, and is left alone. */
const MADE_BY = { made_by: "examples/regions/hop" };

function endWith(message) {
  console.error(message);
  process.exit(1);
}

/** What a client keeps between its requests, wherever it sends them. */
class Session {
  token;

  async ask(region, method, path, body) {
    const response = await fetch(region.replace(/\/+$/, "") + path, {
      method,
      headers: {
        "content-type": "application/json",
        ...(apiKey === undefined ? {} : { "api-key": apiKey }),
        ...(this.token === undefined ? {} : { "x-murmur-token": this.token }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error) => endWith(`${region} does not answer: ${error.cause?.message ?? error.message}`));
    const { result, status } = await response.json();
    if (!response.ok) throw new Error(`${region} answers ${response.status}: ${status?.error}`);
    this.token = response.headers.get("x-murmur-token") ?? this.token;
    return result;
  }
}

const path = `/collections/${encodeURIComponent(collection)}`;
const count = (session, region) => session.ask(region, "POST", `${path}/points/count`, { exact: true });
const session = new Session();
const [home] = regions;
const { exists } = await session.ask(home, "GET", `${path}/exists`);
if (exists) {
  const { config } = await session.ask(home, "GET", path);
  if (config.metadata?.made_by !== MADE_BY.made_by)
    endWith(`${collection} is there already, and is not this example's: name another one by COLLECTION`);
  await session.ask(home, "DELETE", path);
}
await session.ask(home, "PUT", path, { vectors: { size: 2, distance: "Dot" }, metadata: MADE_BY });

let missed = 0;
for (let step = 1; step <= STEPS; step++) {
  const here = regions[step % regions.length];
  const there = regions[(step + 1) % regions.length];
  const point = { id: step, vector: [Math.cos(step), Math.sin(step)], payload: { step, region: here } };
  await session.ask(here, "PUT", `${path}/points?wait=true`, { points: [point] });
  // somebody who has no token is answered at once, from what is there
  const without = await count(new Session(), there).catch(() => ({ count: 0 }));
  if (without.count < step) missed++;
  const seen = await count(session, there);
  if (seen.count !== step)
    throw new Error(`step ${step}: ${there} shows ${seen.count} things to a session that has seen ${step}`);
  console.log(`${step}: written in ${here}, read in ${there}: ${seen.count} with the token, ${without.count} without`);
}
console.log(
  `The session saw all it had written, ${STEPS} times of ${STEPS}; without its token ${missed} reads were behind.`,
);
