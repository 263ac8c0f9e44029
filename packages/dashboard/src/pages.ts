import type { PageEntry } from "./page.js";

/** Every page, in the order of the navigation: a page is a file or folder in `pages/`, which exports `Page`, and its entry here. */
export const pages: readonly PageEntry[] = [
  { path: "/overview", title: "Overview", place: "main", load: () => import("./pages/overview/page.js") },
  { path: "/regions", title: "Regions", place: "main", load: () => import("./pages/regions/page.js") },
  { path: "/collections", title: "Collections", place: "main", load: () => import("./pages/collections/page.js") },
  {
    path: "/collections/:collection/points",
    title: "Points",
    place: "collection",
    load: () => import("./pages/points/page.js"),
  },
  {
    path: "/collections/:collection/console",
    title: "Console",
    place: "collection",
    load: () => import("./pages/console/page.js"),
  },
  {
    path: "/collections/:collection",
    title: "Configuration",
    place: "collection",
    load: () => import("./pages/configuration/page.js"),
  },
  {
    path: "/collections/:collection/projection",
    title: "Projection",
    place: "collection",
    load: () => import("./pages/projection/page.js"),
  },
  {
    path: "/collections/:collection/graph",
    title: "Graph",
    place: "collection",
    load: () => import("./pages/graph/page.js"),
  },
  {
    path: "/collections/:collection/quality",
    title: "Quality",
    place: "collection",
    load: () => import("./pages/quality/page.js"),
  },
  {
    path: "/collections/:collection/conflicts",
    title: "Conflicts",
    place: "collection",
    load: () => import("./pages/conflicts/page.js"),
  },
  {
    path: "/collections/:collection/operations",
    title: "Operations",
    place: "collection",
    load: () => import("./pages/operations/page.js"),
  },
  { path: "/simulator", title: "Simulator", place: "main", load: () => import("./pages/simulator/page.js") },
];

/** Where the dashboard begins. */
export const startPath = "/overview";
