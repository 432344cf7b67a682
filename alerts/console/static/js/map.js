// The coast from the site's own shoreline; boxes, lights, cameras and vessels as points, alerts and posts as marks. Without WebGL: a plain message.
import { $, h, shape } from "./dom.js";
import { now, on, RANK, rings, state } from "./state.js";
import { clock, inLanguage, LEVELS, MODELS, named, span, t, TYPES } from "./words.js";

const COLOURS = {
  dark: { sea: "#08171f", land: "#1b2b30", shore: "#3d5a60", segment: "#2c7a78", risk: "#c98a3a", zone: "#4f8f9c", box: "#58d3c2", light: "#d8c27a", camera: "#8fa9ff", vessel: "#b9d6df", mute: "#54666d" },
  light: { sea: "#d5e6ea", land: "#f4f2ea", shore: "#8aa19c", segment: "#3b9a95", risk: "#c07a1e", zone: "#5793a1", box: "#0d8577", light: "#a1861a", camera: "#4b62c9", vessel: "#2d5666", mute: "#9aa9ad" },
};
const colours = () => COLOURS[document.documentElement.dataset.theme] || COLOURS.dark;
let map = null;
const marks = new Map();
const posts = [];

const script = (src) => new Promise((done, failed) => document.head.append(h("script", { src, onload: done, onerror: failed })));
const collection = (features) => ({ type: "FeatureCollection", features });
const point = (position, properties) => ({ type: "Feature", geometry: { type: "Point", coordinates: position }, properties });

const devices = () => collection(state.coast.devices.map(([id, type, position]) => point(position, { id, type, off: state.devices[id]?.[1] === "offline" })));
const vessels = () => collection(Object.entries(state.vessels).filter(([, row]) => row[1] !== null).map(([id, row]) => point([row[1], row[2]], { id, turn: row[4] ?? 0, still: (row[3] ?? 0) < 0.5 })));

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

function style() {
  const c = colours();
  const far = (near, away) => ["interpolate", ["linear"], ["zoom"], 9, away, 14, near];
  const base = state.tiles ? { tiles: { type: "raster", tiles: [state.tiles], tileSize: 256 } } : {};
  const dots = (type, radius) => ({ id: type, type: "circle", source: "devices", filter: ["==", ["get", "type"], type], minzoom: type === "box" ? 0 : 10.5, paint: { "circle-radius": far(radius * 2, radius * 0.8), "circle-color": ["case", ["get", "off"], c.mute, c[type]], "circle-stroke-color": c.sea, "circle-stroke-width": far(1.5, 0.3) } });
  return {
    version: 8,
    sources: { ...base, land: { type: "geojson", data: state.coast.land, attribution: "GSHHG" }, segments: { type: "geojson", data: state.coast.segments }, zones: { type: "geojson", data: state.coast.zones }, devices: { type: "geojson", data: devices() }, vessels: { type: "geojson", data: vessels() } },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": c.sea } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": c.land } },
      ...(state.tiles ? [{ id: "tiles", type: "raster", source: "tiles", paint: { "raster-opacity": 0.8 } }] : []),
      { id: "shore", type: "line", source: "land", paint: { "line-color": c.shore, "line-width": 1 } },
      { id: "zones", type: "fill", source: "zones", paint: { "fill-color": ["match", ["get", "kind"], ["closed", "forbidden", "risk_point"], c.risk, c.zone], "fill-opacity": 0.14 } },
      { id: "zone-edges", type: "line", source: "zones", paint: { "line-color": ["match", ["get", "kind"], ["closed", "forbidden", "risk_point"], c.risk, c.zone], "line-opacity": 0.6, "line-dasharray": [3, 2] } },
      { id: "segments", type: "line", source: "segments", paint: { "line-color": ["case", ["get", "risk"], c.risk, c.segment], "line-width": far(4, 1.6) } },
      dots("light", 1.6), dots("camera", 2), dots("box", 2.2),
      { id: "still", type: "circle", source: "vessels", filter: ["get", "still"], paint: { "circle-radius": far(4.5, 2.6), "circle-color": c.sea, "circle-stroke-color": c.vessel, "circle-stroke-width": 1.4 } },
      { id: "moving", type: "symbol", source: "vessels", filter: ["!", ["get", "still"]], layout: { "icon-image": "arrow", "icon-size": far(1.1, 0.75), "icon-rotate": ["get", "turn"], "icon-rotation-alignment": "map", "icon-allow-overlap": true } },
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
  const shown = [...state.alerts.values()].filter((alert) => alert.open && alert.position && !alert.suppressed).sort((a, b) => RANK[a.level] - RANK[b.level]);
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

function bounds() {
  const all = [...state.coast.devices.map((d) => d[2]), ...state.coast.areas.flatMap((area) => (state.coast.devices.length ? [] : area[4]))];
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  return all.length ? [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]] : undefined;
}

function vessel(id, row) {
  const [heard, , , sog, cog, name, length, system] = row;
  const facts = [["MMSI", id], [t("last fix"), `${clock(heard)} (${span(now() - heard)})`], [t("speed"), sog === null ? "–" : `${sog.toFixed(1)} kn`], [t("course"), cog === null ? "–" : `${Math.round(cog)}°`], [t("length"), length ? `${length} m` : "–"], [t("heard through"), { ais: "AIS", beidou: t("Beidou"), radar: t("radar") }[system] || system]];
  return h("div", {}, h("strong", {}, name || id), h("dl", {}, facts.map(([what, value]) => [h("dt", {}, what), h("dd", {}, value)])));
}

function about(feature) {
  const { id } = feature.properties;
  if (feature.layer.source === "devices") return [`${id} · ${t(TYPES[feature.properties.type])}`, `#/device/${id}`];
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
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "nautical" }), "bottom-left");
  const icon = () => { if (map.hasImage("arrow")) map.removeImage("arrow"); map.addImage("arrow", arrow(colours().vessel), { pixelRatio: 2 }); };
  map.on("styleimagemissing", (event) => event.id === "arrow" && icon());
  map.on("load", () => { icon(); document.body.dataset.map = "ready"; });
  const note = h("div", { class: "hint" });
  const popup = new maplibregl.Marker({ element: note, anchor: "bottom", offset: [0, -10] });
  const layers = ["box", "light", "camera", "moving", "still"];
  const at = (event) => map.queryRenderedFeatures([[event.point.x - 5, event.point.y - 5], [event.point.x + 5, event.point.y + 5]], { layers: layers.filter((name) => map.getLayer(name)) })[0];
  map.on("mousemove", (event) => {
    const found = at(event);
    map.getCanvas().style.cursor = found ? "pointer" : "";
    popup.remove();
    if (found) { note.textContent = about(found)[0]; popup.setLngLat(found.geometry.coordinates).addTo(map); }
  });
  map.on("click", (event) => { const found = at(event); if (!found) return card.remove(); if (about(found)[1]) location.hash = about(found)[1]; else show(found.properties.id); });
  const card = new maplibregl.Popup({ className: "vessel", closeButton: true, maxWidth: "280px" });
  const show = (id) => { const row = state.vessels[id]; if (row) card.setLngLat([row[1], row[2]]).setDOMContent(vessel(id, row)).addTo(map); };
  on("devices", refresh("devices", devices));
  on("vessels", refresh("vessels", vessels));
  for (const what of ["alert", "reset", "select"]) on(what, drawAlerts);
  on("duty", drawPosts);
  on("reset", drawPosts);
  on("site", () => map.setStyle(style()));
  on("theme", () => map.setStyle(style()));
  const go = () => {
    const alert = state.alerts.get(state.selected);
    if (alert?.position) map.easeTo({ center: alert.position, zoom: Math.max(map.getZoom(), 12.5), duration: 500 });
  };
  on("select", go);
  const far = () => $("map").classList.toggle("far", map.getZoom() < 11.3);
  map.on("zoom", far);
  far();
  drawAlerts();
  drawPosts();
  go();
}
