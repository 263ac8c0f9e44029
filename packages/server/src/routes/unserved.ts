import { MurmurationError } from "@murmuration/index";
import { type Method, none, type Route, route } from "./route.js";

const c = "/collections/{collection_name}";

/** Routes that the dialect knows and this version does not serve. */
const unserved: readonly (readonly [Method, string])[] = [
  ["PUT", `${c}/vectors/{vector_name}`],
  ["DELETE", `${c}/vectors/{vector_name}`],
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
