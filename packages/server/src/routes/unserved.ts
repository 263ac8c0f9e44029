import { MurmurationError } from "@murmuration/index";
import { type Method, none, type Route, route } from "./route.js";

const c = "/collections/{collection_name}";

/** Routes that the dialect knows and this version does not serve. */
const unserved: readonly (readonly [Method, string])[] = [
  ["POST", `${c}/points/query/groups`],
  ["POST", `${c}/facet`],
  ["POST", `${c}/points/search/matrix/pairs`],
  ["POST", `${c}/points/search/matrix/offsets`],
  ["PUT", `${c}/vectors/{vector_name}`],
  ["DELETE", `${c}/vectors/{vector_name}`],
  ["POST", `${c}/points/search/groups`],
  ["POST", `${c}/points/recommend`],
  ["POST", `${c}/points/recommend/batch`],
  ["POST", `${c}/points/recommend/groups`],
  ["POST", `${c}/points/discover`],
  ["POST", `${c}/points/discover/batch`],
  ["GET", `${c}/snapshots`],
  ["POST", `${c}/snapshots`],
  ["GET", `${c}/snapshots/{snapshot_name}`],
  ["DELETE", `${c}/snapshots/{snapshot_name}`],
  ["PUT", `${c}/snapshots/recover`],
  ["POST", `${c}/snapshots/upload`],
  ["GET", "/snapshots"],
  ["POST", "/snapshots"],
  ["GET", "/snapshots/{snapshot_name}"],
  ["DELETE", "/snapshots/{snapshot_name}"],
];

export const unservedRoutes: readonly Route[] = unserved.map(([method, path]) =>
  route({
    method,
    path,
    tag: "not supported yet",
    summary: "Not supported yet: answers 400",
    params: none,
    query: none,
    body: none,
    handle: () => {
      throw new MurmurationError("unsupported", `${method} ${path} is not supported yet`);
    },
  }),
);
