import type { Box, GeoView, PresenceView, Region } from "../payload/access.js";
import type { GeoPoint } from "../payload/geo.js";
import type { GeoCondition, GeoRadius } from "./condition.js";
import { earthRadius, geoTest } from "./geo-test.js";
import type { Access, Planning } from "./plan.js";

/** Degrees that a box around a circle is larger than it has to be: more than all rounding, less than an arm's length. */
const MARGIN = 1e-6;

const everywhere: Box = { west: -180, south: -90, east: 180, north: 90 };

/** A box as boxes that do not cross the antimeridian; longitudes may lie beyond it. */
function uncrossed({ west, south, east, north }: Box): Box[] {
  if (east - west >= 360) return [{ west: -180, south, east: 180, north }];
  if (west < -180)
    return [...uncrossed({ west: west + 360, south, east: 180, north }), { west: -180, south, east, north }];
  if (east > 180)
    return [
      { west, south, east: 180, north },
      { west: -180, south, east: east - 360, north },
    ];
  return [{ west, south, east, north }];
}

/** Boxes that every place of a circle is in (Bronstein's spherical triangle: the meridians that touch the circle). */
function boxesAround({ center, radius }: GeoRadius): Box[] {
  const degrees = 180 / Math.PI;
  const angle = radius / earthRadius;
  const south = center.lat - angle * degrees - MARGIN;
  const north = center.lat + angle * degrees + MARGIN;
  // a circle that reaches a pole meets every meridian
  if (angle >= Math.PI / 2 || south <= -90 || north >= 90) return [{ ...everywhere, south, north }];
  const width = Math.asin(Math.min(1, Math.sin(angle) / Math.cos(center.lat / degrees))) * degrees + MARGIN;
  return uncrossed({ west: center.lon - width, south, east: center.lon + width, north });
}

function boxAround(points: readonly GeoPoint[]): Box {
  let { west, south, east, north } = { west: 180, south: 90, east: -180, north: -90 };
  for (const { lon, lat } of points) {
    [west, east] = [Math.min(west, lon), Math.max(east, lon)];
    [south, north] = [Math.min(south, lat), Math.max(north, lat)];
  }
  return { west, south, east, north };
}

function regionOf(condition: GeoCondition): Region {
  switch (condition.kind) {
    case "geo-box": {
      const { topLeft, bottomRight } = condition;
      const [west, south, east, north] = [topLeft.lon, bottomRight.lat, bottomRight.lon, topLeft.lat];
      if (west <= east) return { boxes: [{ west, south, east, north }] };
      // no sum of degrees: 180 and −180 are one meridian, and each is in its own box
      return {
        boxes: [
          { west, south, east: 180, north },
          { west: -180, south, east, north },
        ],
      };
    }
    case "geo-radius":
      return { boxes: boxesAround(condition), test: geoTest(condition) };
    case "geo-polygon":
      return { boxes: [boxAround(condition.exterior)], test: geoTest(condition) };
  }
}

function shareOf({ boxes }: Region): number {
  const areaOf = ({ west, south, east, north }: Box): number => (east - west) * (north - south);
  return Math.min(
    1,
    Math.max(
      0,
      boxes.reduce((sum, box) => sum + areaOf(box), 0),
    ) / areaOf(everywhere),
  );
}

/** Plan of a geo condition by an index of places. It holds them all, so that nothing is left to be looked at. */
export function planGeo(condition: GeoCondition, view: GeoView, presence: PresenceView, { meter }: Planning): Access {
  const region = regionOf(condition);
  return {
    estimate: Math.ceil(presence.countIn("valued") * shareOf(region)),
    entriesVisited: 0,
    *keep(rows) {
      rows.and(yield* view.rowsWithin(region, meter));
    },
  };
}
