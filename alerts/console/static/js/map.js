// The coast from the site's own shoreline; boxes, lights, cameras and vessels as points, alerts and posts as marks. Without WebGL: a plain message.
import { $, h, shape } from "./dom.js";
import { colourOf, shores } from "./watch.js";
import { alertIsHere, deviceIsHere, filtered, segmentsHere } from "./places.js";
import { changed, now, on, RANK, rings, silent, state } from "./state.js";
import { clock, inLanguage, LEVELS, MODELS, named, span, t, TYPES } from "./words.js";

const COLOURS = {
  dark: { unknown: "#0d1114", sea: "#08171f", land: "#1b2b30", shore: "#3d5a60", segment: "#2c7a78", risk: "#c98a3a", zone: "#4f8f9c", box: "#58d3c2", light: "#d8c27a", camera: "#8fa9ff", vessel: "#b9d6df", off: "#b9c4c8", chosen: "#ffffff" },
  light: { unknown: "#dcdcd8", sea: "#d5e6ea", land: "#f4f2ea", shore: "#8aa19c", segment: "#3b9a95", risk: "#c07a1e", zone: "#5793a1", box: "#0d8577", light: "#a1861a", camera: "#4b62c9", vessel: "#2d5666", off: "#4a5a60", chosen: "#10262c" },
};
const levels = () => { const given = getComputedStyle(document.documentElement); return Object.fromEntries(["red", "orange", "yellow", "blue"].map((name) => [name, given.getPropertyValue(`--${name}`).trim()])); };
const colours = () => COLOURS[document.documentElement.dataset.theme] || COLOURS.dark;
let map = null;
const marks = new Map();
const posts = [];
const OLD = 600000; // ms; a vessel whose last fix is older is drawn faint; ours
const wall = new URLSearchParams(location.search).get("wall") === "1";
const k = wall ? Math.max(1.5, (innerWidth / 1920) * 1.5) : 1; // a wall is read from three metres
let byHand = false; // somebody moved the map: it stays where it was put

const script = (src) => new Promise((done, failed) => document.head.append(h("script", { src, onload: done, onerror: failed })));
const collection = (features) => ({ type: "FeatureCollection", features });
const point = (position, properties) => ({ type: "Feature", geometry: { type: "Point", coordinates: position }, properties });

const devices = () => collection(state.coast.devices.map((device) => point(device[2], { id: device[0], type: device[1], off: silent(device[0]), here: deviceIsHere(device) })));
const vessels = () => collection(Object.entries(state.vessels).filter(([, row]) => row[1] !== null).map(([id, row]) => point([row[1], row[2]], { id, turn: row[4] ?? 0, still: (row[3] ?? 0) < 0.5, old: now() - row[0] > OLD })));

function arrow(colour) {
  const size = 28;
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const pen = canvas.getContext("2d");
  pen.beginPath();
  [[14, 2], [21, 25], [14, 20], [7, 25]].forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.fillStyle = colour;
  pen.fill();
  return pen.getImageData(0, 0, size, size);
}

// Beyond the site's own shoreline nothing is known: it is drawn as neither sea nor land.
function charted() {
  const points = [...state.coast.land.features.flatMap((one) => one.geometry.coordinates[0]), ...state.coast.areas.flatMap((area) => area[4]), ...state.coast.devices.map((device) => device[2])];
  const range = (axis) => points.reduce(([low, high], point) => [Math.min(low, point[axis]), Math.max(high, point[axis])], [Infinity, -Infinity]);
  const [[west, east], [south, north]] = [range(0), range(1)];
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: points.length ? [[[west, south], [east, south], [east, north], [west, north], [west, south]]] : [] } };
}

function style() {
  const c = colours();
  const l = levels();
  const far = (near, away) => ["interpolate", ["linear"], ["zoom"], 9, away * k, 14, near * k];
  const faint = (test, how) => ["case", ["get", test], how, 1];
  const base = state.tiles ? { tiles: { type: "raster", tiles: [state.tiles], tileSize: 256 } } : {};
  const dots = (type, radius) => ({ id: type, type: "circle", source: "devices", filter: ["==", ["get", "type"], type], minzoom: type === "box" ? 0 : 10.5, paint: { "circle-radius": far(radius * 2, radius * 0.8), "circle-color": ["case", ["get", "off"], c.sea, c[type]], "circle-stroke-color": ["case", ["get", "off"], c.off, c.sea], "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 9, ["case", ["get", "off"], 1.2 * k, 0.3 * k], 14, 1.8 * k], "circle-opacity": ["case", ["get", "here"], 1, 0.15], "circle-stroke-opacity": ["case", ["get", "here"], 1, 0.15] } });
  return {
    version: 8,
    sources: { ...base, charted: { type: "geojson", data: charted() }, land: { type: "geojson", data: state.coast.land, attribution: "GSHHG" }, segments: { type: "geojson", data: shores() }, zones: { type: "geojson", data: state.coast.zones }, devices: { type: "geojson", data: devices() }, vessels: { type: "geojson", data: vessels() } },
    layers: [
      { id: "unknown", type: "background", paint: { "background-color": c.unknown } },
      { id: "sea", type: "fill", source: "charted", paint: { "fill-color": c.sea } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": c.land } },
      ...(state.tiles ? [{ id: "tiles", type: "raster", source: "tiles", paint: { "raster-opacity": 0.8 } }] : []),
      { id: "shore", type: "line", source: "land", paint: { "line-color": c.shore, "line-width": 1 } },
      { id: "zones", type: "fill", source: "zones", paint: { "fill-color": ["match", ["get", "kind"], ["closed", "forbidden", "risk_point"], c.risk, c.zone], "fill-opacity": 0.14 } },
      { id: "zone-edges", type: "line", source: "zones", paint: { "line-color": ["match", ["get", "kind"], ["closed", "forbidden", "risk_point"], c.risk, c.zone], "line-opacity": 0.6, "line-dasharray": [3, 2] } },
      { id: "segments", type: "line", source: "segments", paint: { "line-color": ["case", ["get", "risk"], c.risk, c.segment], "line-width": far(4, 1.6) } },
      { id: "warned", type: "line", source: "segments", filter: ["has", "level"], paint: { "line-color": ["match", ["get", "level"], "red", l.red, "orange", l.orange, "yellow", l.yellow, l.blue], "line-width": far(9, 5), "line-offset": far(5, 3) } },
      { id: "partly", type: "line", source: "segments", filter: ["==", ["get", "seen"], "partly"], paint: { "line-color": c.off, "line-width": far(5, 2.4), "line-dasharray": [0.5, 1.5], "line-offset": far(-6, -4) } },
      { id: "blind", type: "line", source: "segments", filter: ["==", ["get", "seen"], "blind"], paint: { "line-color": c.off, "line-width": far(9, 5), "line-dasharray": [0.25, 0.25], "line-offset": far(-7, -5) } },
      { id: "chosen", type: "line", source: "segments", filter: ["in", ["get", "id"], ["literal", segmentsHere()]], layout: { "line-cap": "round" }, paint: { "line-color": c.chosen, "line-width": far(11, 5), "line-opacity": 0.55 } },
      dots("light", 1.6), dots("camera", 2), dots("box", 2.2),
      { id: "still", type: "circle", source: "vessels", filter: ["get", "still"], paint: { "circle-radius": far(4.5, 2.6), "circle-color": c.sea, "circle-stroke-color": c.vessel, "circle-stroke-width": 1.4 * k, "circle-stroke-opacity": faint("old", 0.4) } },
      { id: "moving", type: "symbol", source: "vessels", filter: ["!", ["get", "still"]], layout: { "icon-image": "arrow", "icon-size": far(1.1, 0.75), "icon-rotate": ["get", "turn"], "icon-rotation-alignment": "map", "icon-allow-overlap": true }, paint: { "icon-opacity": faint("old", 0.4) } },
    ],
  };
}

function mark(alert) {
  const element = h("button", { class: `pin ${alert.level} ${rings(alert) ? "rings" : ""}`, "aria-label": `${named(LEVELS, alert.level)} ${inLanguage(alert.text.zh, alert.text.en)}`, onclick: (event) => { event.stopPropagation(); location.hash = `#/alert/${alert.id}`; } }, shape(alert.level));
  return new maplibregl.Marker({ element, anchor: "center" }).setLngLat(alert.position).addTo(map);
}

function drawAlerts() {
  if (!map) return;
  for (const one of marks.values()) one.remove();
  marks.clear();
  const shown = [...state.alerts.values()].filter((alert) => alert.open && alert.position && !alert.suppressed && alertIsHere(alert)).sort((a, b) => RANK[a.level] - RANK[b.level]);
  for (const alert of shown.slice(-150)) {
    const one = mark(alert);
    one.getElement().classList.toggle("chosen", alert.id === state.selected);
    marks.set(alert.id, one);
  }
}

function drawPosts() {
  posts.splice(0).forEach((one) => one.remove());
  for (const [, kind, position, zh, en] of state.coast.posts) if (position) posts.push(new maplibregl.Marker({ element: h("div", { class: `post ${kind}` }, inLanguage(zh, en)), anchor: "left" }).setLngLat(position).addTo(map));
  for (const [id, type, fixed, zh, en] of state.coast.units) {
    const position = state.duty[`unit/${id}`]?.position || fixed;
    if (position) posts.push(new maplibregl.Marker({ element: h("div", { class: `unit-mark ${type}`, title: inLanguage(zh, en) || id }, { patrol: "P", boat: "B", drone: "D" }[type]), anchor: "right" }).setLngLat(position).addTo(map));
  }
}

function refresh(source, make) {
  let waiting = null;
  return () => { waiting ||= setTimeout(() => { waiting = null; map?.getSource(source)?.setData(make()); }, 1000); };
}

// The whole coast, or what the filter asks for.
function bounds() {
  const here = filtered() ? state.coast.devices.filter(deviceIsHere) : [];
  const devices = here.length ? here : state.coast.devices;
  const lines = new Set(segmentsHere());
  const all = [...devices.map((d) => d[2]), ...state.coast.segments.features.filter((one) => lines.has(one.properties.id)).flatMap((one) => one.geometry.coordinates), ...state.coast.areas.flatMap((area) => (state.coast.devices.length ? [] : area[4]))];
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  return all.length ? [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]] : undefined;
}

// Room at the top for the tabs; on a phone the page's edges are near.
const frame = (options = {}) => map.fitBounds(bounds(), { padding: Math.min($("map").clientWidth, $("map").clientHeight) < 500 ? { top: 24, bottom: 40, left: 20, right: 20 } : { top: 72, bottom: 48, left: 56, right: 56 }, maxZoom: 15, duration: 0, ...options });

export function whole() {
  byHand = false;
  if (map) frame({ duration: 500 });
}

function vessel(id, row) {
  const [heard, , , sog, cog, name, length, system] = row;
  const facts = [["MMSI", id], [t("last fix"), `${clock(heard)} (${span(now() - heard)})`], [t("speed"), sog === null ? "–" : `${sog.toFixed(1)} kn`], [t("course"), cog === null ? "–" : `${Math.round(cog)}°`], [t("length"), length ? `${length} m` : "–"], [t("heard through"), { ais: "AIS", beidou: t("Beidou"), radar: t("radar") }[system] || system]];
  return h("div", {}, h("strong", {}, name || id), h("dl", {}, facts.map(([what, value]) => [h("dt", {}, what), h("dd", {}, value)])));
}

function about(feature) {
  const { id } = feature.properties;
  if (feature.layer.source === "segments") return [[id, inLanguage(feature.properties.zh, feature.properties.en), colourOf(id)].filter(Boolean).join(" · "), null];
  if (feature.layer.source === "devices") {
    const heard = state.devices[id]?.[0];
    return [`${id} · ${t(TYPES[feature.properties.type])} · ${heard ? `${t("heard")} ${span(now() - heard)}` : t("not heard yet")}`, `#/device/${id}`];
  }
  const row = state.vessels[id];
  return [`${row?.[5] || id} · ${id} · ${row?.[3] ?? "–"} kn · ${row ? span(Date.now() + state.skew - row[0]) : ""}`, null];
}

export async function start() {
  try {
    await script("/static/vendor/maplibre-gl-csp.js");
    maplibregl.setWorkerUrl("/static/vendor/maplibre-gl-csp-worker.js");
    map = new maplibregl.Map({ container: "map", style: style(), bounds: bounds(), fitBoundsOptions: { padding: 50 }, attributionControl: { compact: true }, fadeDuration: 0, maxPitch: 0, dragRotate: false });
  } catch {
    $("map").replaceChildren(h("div", { class: "calm" }, h("b", {}, t("No map: this browser has no WebGL.")), h("small", {}, t("The list is complete without it."))));
    return;
  }
  frame();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl({ onAdd: () => h("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" }, h("button", { class: "whole", title: `${t("The whole coast")} (0)`, "aria-label": t("The whole coast"), onclick: whole }, "⤢")), onRemove: () => {} }, "bottom-right");
  for (const what of ["dragstart", "zoomstart"]) map.on(what, (event) => { if (event.originalEvent) byHand = true; });
  map.on("resize", () => { if (!byHand && !state.alerts.get(state.selected)?.position) frame(); });
  map.addControl(new maplibregl.ScaleControl({ unit: "nautical" }), "bottom-left");
  const icon = () => { if (map.hasImage("arrow")) map.removeImage("arrow"); map.addImage("arrow", arrow(colours().vessel), { pixelRatio: 2 }); };
  map.on("styleimagemissing", (event) => event.id === "arrow" && icon());
  map.on("load", () => { icon(); document.body.dataset.map = "ready"; });
  const note = h("div", { class: "hint" });
  const popup = new maplibregl.Marker({ element: note, anchor: "bottom", offset: [0, -10] });
  const layers = ["box", "light", "camera", "moving", "still", "segments"];
  const at = (event) => map.queryRenderedFeatures([[event.point.x - 5, event.point.y - 5], [event.point.x + 5, event.point.y + 5]], { layers: layers.filter((name) => map.getLayer(name)) })[0];
  map.on("mousemove", (event) => {
    const found = at(event);
    map.getCanvas().style.cursor = found ? "pointer" : "";
    popup.remove();
    if (found) { note.textContent = about(found)[0]; popup.setLngLat(found.layer.source === "segments" ? event.lngLat : found.geometry.coordinates).addTo(map); }
  });
  map.on("click", (event) => { const found = at(event); if (!found) return card.remove(); if (found.layer.source === "segments") { state.filter = { ...state.filter, place: state.filter.place === found.properties.id ? "" : found.properties.id }; return changed("filter"); } if (about(found)[1]) location.hash = about(found)[1]; else show(found.properties.id); });
  const card = new maplibregl.Popup({ className: "vessel", closeButton: true, maxWidth: "280px" });
  const show = (id) => { const row = state.vessels[id]; if (row) card.setLngLat([row[1], row[2]]).setDOMContent(vessel(id, row)).addTo(map); };
  on("devices", refresh("devices", devices));
  on("vessels", refresh("vessels", vessels));
  setInterval(() => { map.getSource("devices")?.setData(devices()); map.getSource("vessels")?.setData(vessels()); }, 30000); // ages go on though nothing is said
  for (const what of ["alert", "reset", "select", "filter"]) on(what, drawAlerts);
  let looking = null;
  on("filter", () => {
    map.getSource("devices")?.setData(devices());
    if (map.getLayer("chosen")) map.setFilter("chosen", ["in", ["get", "id"], ["literal", segmentsHere()]]);
    clearTimeout(looking);
    looking = setTimeout(whole, 350); // not at every letter
  });
  on("places", () => map.getSource("segments")?.setData(shores()));
  on("duty", drawPosts);
  on("reset", drawPosts);
  on("site", () => map.setStyle(style()));
  on("theme", () => map.setStyle(style()));
  const go = () => {
    const alert = state.alerts.get(state.selected);
    if (alert?.position) map.easeTo({ center: alert.position, zoom: Math.max(map.getZoom(), 12.5), duration: 500 });
    else if (!alert && !byHand) frame({ duration: 500 });
  };
  on("select", go);
  const far = () => { $("map").classList.toggle("far", wall || map.getZoom() < 11.8); $("map").classList.toggle("farther", map.getZoom() < 10.2); };
  map.on("zoom", far);
  far();
  drawAlerts();
  drawPosts();
  go();
}
