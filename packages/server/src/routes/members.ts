import { limits } from "@murmuration/core";
import { z } from "zod";
import { integer, withDefault } from "../http/schemas/fields.js";
import { none, type Route, route } from "./route.js";

const SECOND_MS = 1_000;
const HOUR_S = 3_600;
const secondsMax = limits.invitationMsMax / SECOND_MS;
const invitationBody = z.object({ expires_s: withDefault(integer(1, secondsMax), HOUR_S) }).nullish();

/** How replicas are let into the cluster, and how this one changes its key. */
export const memberRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/murmur/cluster/invitations",
    tag: "murmur",
    summary: "Make an invitation, a secret by which one new replica is let into the cluster",
    params: none,
    query: none,
    body: invitationBody,
    handle: async ({ database, body }) => {
      const seconds = body?.expires_s ?? HOUR_S;
      return { invitation: await database.membership().invite(seconds * SECOND_MS), expires_s: seconds };
    },
  }),
  route({
    method: "POST",
    path: "/murmur/cluster/key/rotate",
    tag: "murmur",
    summary: "Give this replica another key: the old one signs until every member knows the new one",
    params: none,
    query: none,
    body: none,
    handle: async ({ database }) => {
      await database.membership().renewKey();
      return true;
    },
  }),
];
