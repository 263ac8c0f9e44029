import type { LeftOut, SetAsideOperation } from "@murmuration/core";

/** An operation that is set aside, as people and programs read it. */
export function setAsideAnswer(operation: SetAsideOperation): object {
  const { shard, origin, sequence, code, reason, from, sinceMs, attempts } = operation;
  return { shard, origin, sequence, code, reason, from, since: new Date(sinceMs).toISOString(), attempts };
}

/** What is not part of the state, of each kind how much and the first of it. */
export function leftOutAnswer({ setAside, catalogueProblems }: LeftOut): object {
  return {
    set_aside: { total: setAside.total, operations: setAside.first.map(setAsideAnswer) },
    catalogue_problems: { total: catalogueProblems.total, problems: catalogueProblems.first },
  };
}
