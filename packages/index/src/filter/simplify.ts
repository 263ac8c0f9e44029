import type { PointId } from "../point/point-id.js";
import type { Condition, Filter, MatchScalar } from "./condition.js";

const noConditions: readonly Condition[] = [];

function anyOf(conditions: readonly Condition[]): Filter {
  return { must: noConditions, should: conditions, mustNot: noConditions };
}

/** The only condition that a filter consists of, if it is no more than that. */
function onlyCondition({ must, should, mustNot, minShould }: Filter): Condition | undefined {
  if (mustNot.length > 0 || minShould !== undefined || must.length + should.length !== 1) return undefined;
  return must[0] ?? should[0];
}

/** The alternatives that a filter consists of, if it is no more than that. */
function onlyAlternatives({ must, should, mustNot, minShould }: Filter): readonly Condition[] | undefined {
  const isMore = must.length > 0 || mustNot.length > 0 || minShould !== undefined || should.length === 0;
  return isMore ? undefined : should;
}

function groupAt<Key, Member>(groups: Map<Key, Member[]>, key: Key): Member[] {
  const known = groups.get(key);
  if (known !== undefined) return known;
  const group: Member[] = [];
  groups.set(key, group);
  return group;
}

/** The condition of a filter inside of another. */
function asCondition(filter: Filter): Condition {
  return onlyCondition(filter) ?? { kind: "filter", filter };
}

/** Simple conditions of which one is to hold, in fewer: tests for equality at one key become one look into a set, and so on. */
function mergeSimple(conditions: readonly Condition[]): readonly Condition[] {
  const values = new Map<string, MatchScalar[]>();
  const inNested = new Map<string, Filter[]>();
  const ids: PointId[] = [];
  const merged: Condition[] = [];
  const take = (condition: Condition): void => {
    if (condition.kind === "match-value") groupAt(values, condition.key).push(condition.value);
    else if (condition.kind === "match-any") {
      const group = groupAt(values, condition.key);
      for (const value of condition.values) group.push(value);
    } else if (condition.kind === "has-id") for (const id of condition.ids) ids.push(id);
    else if (condition.kind === "nested") groupAt(inNested, condition.key).push(condition.filter);
    else merged.push(condition);
  };
  for (const condition of conditions) {
    const alternatives = condition.kind === "filter" ? onlyAlternatives(condition.filter) : undefined;
    if (alternatives === undefined) take(condition);
    else for (const each of alternatives) take(each);
  }
  for (const [key, group] of values) merged.push({ kind: "match-any", key, values: group });
  for (const [key, filters] of inNested) {
    const [only] = filters;
    const filter = only !== undefined && filters.length === 1 ? only : anyOf(mergeSimple(filters.map(asCondition)));
    merged.push({ kind: "nested", key, filter });
  }
  // no alternative at all would mean that everything matches
  if (ids.length > 0 || merged.length === 0) merged.push({ kind: "has-id", ids });
  return merged;
}

function mergeAlternatives(conditions: readonly Condition[]): readonly Condition[] {
  const simple = conditions.map(simplifyCondition);
  return simple.length < 2 ? simple : mergeSimple(simple);
}

function simplifyCondition(condition: Condition): Condition {
  if (condition.kind === "nested") return { ...condition, filter: simplifyFilter(condition.filter) };
  return condition.kind === "filter" ? asCondition(simplifyFilter(condition.filter)) : condition;
}

/** A filter that means the same and is cheaper to evaluate, where it asks many like things. */
export function simplifyFilter({ must, should, mustNot, minShould }: Filter): Filter {
  return {
    must: must.map(simplifyCondition),
    should: mergeAlternatives(should),
    mustNot: mergeAlternatives(mustNot),
    ...(minShould === undefined
      ? {}
      : {
          minShould: {
            minCount: minShould.minCount,
            conditions:
              minShould.minCount === 1
                ? mergeAlternatives(minShould.conditions)
                : minShould.conditions.map(simplifyCondition),
          },
        }),
  };
}
