import { aggregateRoutes } from "./aggregates.js";
import { aliasRoutes } from "./aliases.js";
import { auditRoutes } from "./audit.js";
import { backupRoutes } from "./backups.js";
import { batchRoutes } from "./batch.js";
import { canaryRoutes } from "./canary.js";
import { changesRoutes } from "./changes.js";
import { clusterRoutes } from "./cluster.js";
import { collectionRoutes } from "./collections.js";
import { convergenceRoutes } from "./convergence.js";
import { countRoutes } from "./count.js";
import { erasureRoutes } from "./erasures.js";
import { explainRoutes } from "./explain.js";
import { indexRoutes } from "./indexes.js";
import { insightRoutes } from "./insight.js";
import { memberRoutes } from "./members.js";
import { murmurRoutes } from "./murmur.js";
import { operationRoutes } from "./operations.js";
import { payloadRoutes } from "./payload.js";
import { pointRoutes } from "./points.js";
import { replicationRoutes } from "./replication.js";
import type { Route } from "./route.js";
import { scrollRoutes } from "./scroll.js";
import { searchRoutes } from "./search.js";
import { serviceRoutes } from "./service.js";
import { slowQueryRoutes } from "./slow-queries.js";
import { snapshotRoutes } from "./snapshots.js";
import { vectorNameRoutes } from "./vector-names.js";
import { vectorRoutes } from "./vectors.js";

/** All routes but the OpenAPI document, which is made of them. */
export const routes: readonly Route[] = [
  ...serviceRoutes,
  ...collectionRoutes,
  ...aliasRoutes,
  ...indexRoutes,
  ...pointRoutes,
  ...payloadRoutes,
  ...vectorRoutes,
  ...vectorNameRoutes,
  ...batchRoutes,
  ...searchRoutes,
  ...scrollRoutes,
  ...countRoutes,
  ...clusterRoutes,
  ...operationRoutes,
  ...aggregateRoutes,
  ...murmurRoutes,
  ...changesRoutes,
  ...explainRoutes,
  ...slowQueryRoutes,
  ...insightRoutes,
  ...canaryRoutes,
  ...replicationRoutes,
  ...convergenceRoutes,
  ...auditRoutes,
  ...memberRoutes,
  ...backupRoutes,
  ...erasureRoutes,
  ...snapshotRoutes,
];
