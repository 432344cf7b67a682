// A seat in a flood (more than ten alerts in ten minutes, until fewer than five: ISA-18.2) sees them by model and stretch. Whether it is in one, the server says.
// Red is never grouped, nor a press, nor what a person opened, nor a drill.
import { state } from "./state.js";
import { inLanguage } from "./words.js";

let singly = null; // the flood whose alerts the person wants one by one
export const flood = () => state.chain?.floods?.[state.me.seat || state.me.post] ?? null; // since when, ms
export const grouping = () => flood() !== null && singly !== flood();
export const switchGrouping = () => { singly = grouping() ? flood() : null; };

const alone = (alert) => alert.level === "red" || alert.drill || ["M01", "INC"].includes(alert.model);

let known = null; // segment -> post whose stretch it is of
let of = null;

function stretch(alert) {
  if (of !== state.coast) [of, known] = [state.coast, new Map(state.coast.segments.features.map(({ properties: s }) => [s.id, s.post]))];
  return known.get(alert.segment) || alert.area;
}

export function nameOf(place) {
  const post = state.coast.posts.find(([id]) => id === place);
  const area = state.coast.areas.find(([id]) => id === place);
  return (post && inLanguage(post[3], post[4])) || (area && inLanguage(area[2], area[3])) || place;
}

// [{key, place, alerts}], in the order of the gravest of each; one alert by itself has no key.
export function grouped(alerts) {
  if (!grouping()) return alerts.map((alert) => ({ key: null, alerts: [alert] }));
  const groups = new Map();
  for (const alert of alerts) {
    const place = stretch(alert);
    const key = alone(alert) ? alert.id : `${alert.model}/${place}`;
    if (!groups.has(key)) groups.set(key, { key: null, place, alerts: [] });
    const group = groups.get(key);
    group.alerts.push(alert);
    if (group.alerts.length > 1) group.key = key;
  }
  return [...groups.values()];
}
