// Where something is, and whether that is where the person looks: an area, a segment (200 m of shore), a place number as printed on the boxes.
import { state } from "./state.js";
import { inLanguage } from "./words.js";

let known = null; // of this coast: words by which a segment or a device is found
let of = null;

function index() {
  if (of === state.coast) return known;
  of = state.coast;
  const segments = new Map(of.segments.features.map(({ properties: s }) => [s.id, [s.id, s.zh, s.en].join(" ").toLowerCase()]));
  const devices = new Map(of.devices.map(([id, , , place, zh, en, segment]) => [id, [id, place, zh, en, segments.get(segment) || ""].join(" ").toLowerCase()]));
  known = { segments, devices };
  return known;
}

const asked = () => state.filter.place.toLowerCase();

export const filtered = () => Boolean(state.filter.place || state.filter.area);

export function alertIsHere(alert) {
  if (state.filter.area && alert.area !== state.filter.area) return false;
  if (!asked()) return true;
  const { segments, devices } = index();
  return [alert.place, alert.segment, alert.subject, segments.get(alert.segment), devices.get(alert.subject)].join(" ").toLowerCase().includes(asked());
}

export function deviceIsHere([id, , , , , , , area]) {
  return (!state.filter.area || area === state.filter.area) && (!asked() || index().devices.get(id).includes(asked()));
}

// Of the segments those that were asked for, or on which an asked-for place number stands.
export function segmentsHere() {
  if (!asked()) return [];
  const { segments } = index();
  const ofDevices = new Set(of.devices.filter(deviceIsHere).map((device) => device[6]));
  return of.segments.features.filter(({ properties: s }) => segments.get(s.id).includes(asked()) || ofDevices.has(s.id)).map((feature) => feature.properties.id);
}

// What can be chosen while typing: (what is asked for, what is shown beside it).
export const places = () => [
  ...state.coast.segments.features.map(({ properties: s }) => [s.id, inLanguage(s.zh, s.en)]),
  ...state.coast.devices.filter((device) => device[3]).map(([, , , place, zh, en]) => [place, inLanguage(zh, en)]),
];
