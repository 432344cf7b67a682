// Beside the map: devices and what they say, what was refused, and the forms of duty.
import { VERBS } from "./actions.js";
import { boards, handover } from "./boards.js";
import { $, h } from "./dom.js";
import { signOut } from "./header.js";
import { post } from "./live.js";
import { now, on, silent, state } from "./state.js";
import { unseen } from "./watch.js";
import { clock, inLanguage, LEVELS, MODELS, moment, named, span, t, TYPES } from "./words.js";

let wanted = "";
let find = ""; // what is looked for among the devices
const cell = (tag, cells) => h("tr", {}, cells.map((value) => h(tag, {}, value ?? "")));
const table = (heads, rows) => h("div", { class: "scroll-x" }, h("table", {}, h("thead", {}, cell("th", heads)), h("tbody", {}, rows)));
const age = (ms) => (ms ? span(now() - ms) : "–");

// What a device last called itself says little once it has been quiet for long.
function standing(id, status) {
  const how = !status && !state.devices[id]?.[0] ? "not heard yet" : status === "offline" ? "offline" : silent(id) ? "silent" : "online"; // t("online") t("offline") t("silent") t("not heard yet")
  return h("span", { class: `dot ${how === "online" || how === "offline" ? how : "unknown"}` }, t(how));
}

const missing = () => (state.chain?.whole ? "" : h("p", { class: "quiet missing", role: "status" }, t("Older values are still missing: the store has not answered yet.")));

function devices() {
  const rows = state.coast.devices.filter((d) => !find || [d[0], d[3], d[4], d[5]].join(" ").toLowerCase().includes(find.toLowerCase()));
  const body = h("tbody", {}, rows.slice(0, 800).map(([id, type, , place, zh, en]) => {
    const [heard, status, battery, lamp] = state.devices[id] || [];
    return cell("td", [h("a", { href: `#/device/${id}` }, place || id), t(TYPES[type]), inLanguage(zh, en) || id, standing(id, status), age(heard), battery === null || battery === undefined ? "" : `${Math.round(battery * 100)} %`, lamp || ""]);
  }));
  const known = $("rows");
  if (known) {
    document.querySelector("#view .missing")?.toggleAttribute("hidden", Boolean(state.chain?.whole));
    return known.querySelector("tbody").replaceWith(body);
  }
  $("view").replaceChildren(h("h1", {}, t("Devices")), h("input", { id: "find", type: "search", value: find, placeholder: t("Find by place number or name"), oninput: (event) => { find = event.target.value; devices(); }, "aria-label": t("Find by place number or name") }), missing(), h("div", { id: "rows", class: "scroll-x" }, h("table", {}, h("thead", {}, cell("th", [t("place"), t("type"), t("name"), t("state"), t("heard"), t("battery"), t("lamp")])), body)));
}

function line(points, name, show) {
  if (!points || points.length < 2) return null;
  const values = points.map((point) => point[1]);
  const [first, last] = [points[0][0], points.at(-1)[0]];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 200 40");
  svg.setAttribute("class", "series");
  const path = document.createElementNS(ns, "polyline");
  path.setAttribute("points", points.map(([at, value]) => `${((at - first) / (last - first || 1)) * 200},${38 - ((value - low) / (high - low || 1)) * 36}`).join(" "));
  svg.append(path);
  return h("figure", {}, h("figcaption", {}, `${name} ${low === high ? show(low) : `${show(low)} … ${show(high)}`} · ${span(last - first)}`), svg);
}

const refusals = (rows) => table([t("time"), t("device"), t("reason"), t("detail"), t("raw")], rows.map((row) => cell("td", [moment(row.at), row.device, h("b", { class: "bad" }, row.reason), row.detail, h("code", {}, row.payload)])));

// The alert that makes a box speak or shine; to stop both is to keep that alert quiet, or to resolve it.
function programme(row) {
  const alert = state.alerts.get(row.alert);
  const stop = alert && alert.level !== "red" ? h("button", { "data-stop": row.alert, onclick: () => VERBS.shelve(alert) }, t("Stop it: shelve the alert")) : h("span", { class: "quiet" }, t("Red goes on until the alert is resolved."));
  return h("div", { class: "playing" }, h("a", { class: row.level, href: `#/alert/${row.alert}` }, alert ? `${alert.model} ${named(MODELS, alert.model)}` : row.alert), Object.keys(row.said).length ? h("q", { lang: state.language === "zh" ? "zh-CN" : "en" }, inLanguage(row.said.zh, row.said.en)) : null,
    h("span", { class: "quiet" }, [row.spoken ? `${t("last spoken")} ${clock(row.spoken)}` : "", row.volume ? `${t("volume")} ${Math.round(row.volume * 100)} %` : "", row.lamp ? `${t("lamp")} ${row.lamp} → ${clock(row.until)}` : ""].filter(Boolean).join(" · ")), stop);
}

async function device(id) {
  const known = state.coast.devices.find((d) => d[0] === id);
  const answer = await (await fetch(`/api/devices/${encodeURIComponent(id)}`)).json();
  if (wanted !== `device/${id}`) return;
  const stop = document.activeElement?.dataset?.stop;
  const value = ([name, given]) => `${name}=${["ts", "sent"].includes(name) ? clock(given) : typeof given === "object" ? JSON.stringify(given) : given}`;
  const said = Object.entries(answer.said).map(([kind, row]) => cell("td", [kind, age(row.received), h("code", {}, Object.entries(row).filter(([k, v]) => !["device", "received"].includes(k) && !(k === "drill" && !v)).map(value).join("  "))]));
  const heard = answer.commands.map((c) => cell("td", [c.command, JSON.stringify(c.args), c.done ? h("b", { class: c.done.ok ? "good" : "bad" }, c.done.ok ? t("carried out") : c.done.reason || t("refused")) : t("no answer yet")]));
  $("view").replaceChildren(h("p", {}, h("a", { href: "#/devices" }, `← ${t("Devices")}`)), h("h1", {}, known ? known[3] || id : id), h("p", { class: "quiet" }, known ? `${id} · ${t(TYPES[known[1]])} · ${inLanguage(known[4], known[5])} · ${known[6]}` : t("no such device")),
    h("div", { class: "charts" }, [line(answer.curves.battery, t("battery"), (ratio) => `${Math.round(ratio * 100)} %`), line(answer.curves.rssi, "RSSI", (dbm) => `${dbm} dBm`), line(answer.curves.temperature, t("temperature"), (degrees) => `${degrees.toFixed(1)} °C`)]),
    missing(),
    h("h2", {}, t("What it speaks and shows by itself now")), answer.playing.length ? h("div", {}, answer.playing.map(programme)) : h("p", { class: "quiet" }, t("nothing")),
    h("h2", {}, t("What it said")), said.length ? table([t("kind"), t("age"), t("values")], said) : h("p", { class: "quiet" }, t("not heard yet")),
    h("h2", {}, t("What it was told")), heard.length ? table([t("command"), t("values"), t("answer")], heard) : h("p", { class: "quiet" }, "–"),
    h("h2", {}, t("What was refused")), answer.refused.length ? refusals(answer.refused) : h("p", { class: "quiet" }, "–"));
  if (stop) $("view").querySelector(`[data-stop="${CSS.escape(stop)}"]`)?.focus();
}

async function refused() {
  const rows = await (await fetch("/api/refused")).json();
  if (wanted === "refused") $("view").replaceChildren(h("h1", {}, t("Refused messages")), rows.length ? refusals(rows) : h("p", { class: "quiet" }, t("Nothing was refused.")));
}

const label = (text, field) => h("label", {}, h("span", {}, text), field);
const options = (pairs) => pairs.map(([value, text]) => h("option", { value }, text));
const hours = (most) => h("select", { name: "until" }, options([[1, "1 h"], [2, "2 h"], [4, "4 h"], [8, "8 h"]].filter(([n]) => n <= most)));

function form(title, kind, fields, make) {
  const told = h("p", { class: "told", role: "status" });
  const send = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
    if (given.until) given.until = Math.round(now() + Number(given.until) * 3600000);
    const answer = await post(kind, make ? make(given) : given);
    [told.className, told.textContent] = answer.ok ? ["told done", t("sent")] : ["told refused", t(answer.why)];
    if (answer.ok) event.target.reset();
  };
  return h("form", { class: "duty", onsubmit: send }, h("h2", {}, title), fields, h("button", { class: "primary" }, t("Send")), told);
}

function duty() {
  const models = Object.keys(MODELS).map((code) => [code, `${code} ${named(MODELS, code)}`]);
  const places = h("datalist", { id: "places" }, state.coast.devices.map((d) => h("option", { value: d[0] }, d[3])));
  const segments = h("datalist", { id: "segments" }, state.coast.segments.features.map((f) => h("option", { value: f.properties.id })));
  $("view").replaceChildren(places, segments, h("h1", {}, t("Duty")),
    h("div", { class: "forms" },
      form(t("Open an incident"), "incident", [label(t("level"), h("select", { name: "level" }, options(Object.keys(LEVELS).map((l) => [l, named(LEVELS, l)])))), label(t("segment"), h("input", { name: "segment", required: true, "list": "segments" })), label(t("source"), h("select", { name: "source" }, options([["phone", t("phone")], ["110", "110"], ["12395", "12395"], ["patrol", t("patrol")], ["camera", t("camera")]]))), label(t("caller"), h("input", { name: "caller" })), label(t("note"), h("textarea", { name: "note", rows: 2 }))]),
      form(t("Silence (no pushing, still recorded)"), "silence", [label(t("model"), h("select", { name: "model" }, options([["", "—"], ...models.filter(([code]) => code !== "M01")]))), label(t("device"), h("input", { name: "device", "list": "places" })), label(t("segment"), h("input", { name: "segment", "list": "segments" })), label(t("area"), h("select", { name: "area" }, options([["", "—"], ...state.coast.areas.map(([id, , zh, en]) => [id, inLanguage(zh, en) || id])]))), label(t("until"), hours(8)), label(t("why"), h("input", { name: "reason", required: true })), h("small", { class: "quiet" }, t("Presses and red alerts are never silenced."))]),
      form(t("Work order"), "work", [label(t("device"), h("input", { name: "subject", required: true, "list": "places" })), label(t("until"), hours(4))]),
      form(t("Exercise"), "exercise", [label(t("device"), h("input", { name: "devices", required: true, placeholder: t("several: with spaces") })), label(t("until"), hours(4))], (given) => ({ ...given, devices: given.devices.split(/[\s,]+/).filter(Boolean) }))),
    h("h2", {}, t("In force")), h("div", { id: "in-force" }), h("p", {}, h("button", { onclick: signOut }, t("Sign out"))));
  inForce();
}

// What a silence, a work order or an exercise is about.
function about(row) {
  if (row.seat) return row.seat;
  const asked = Object.entries(row.matchers || {}).filter(([, value]) => value).map(([name, value]) => `${t(name)} ${name === "model" ? `${value} ${named(MODELS, value)}` : name === "level" ? named(LEVELS, value) : value}`);
  return [...asked, row.subject, ...(row.devices || []), row.reason].filter(Boolean).join(" · ");
}

// Ends what a person may end before its time.
function ends(key, row) {
  if (key.startsWith("work/")) return h("button", { onclick: () => post("work", { id: row.id, subject: row.subject, closed: true }) }, t("Close the work order"));
  if (!key.startsWith("silence/")) return "";
  const asked = Object.fromEntries(Object.entries(row.matchers || {}).filter(([, value]) => value));
  return h("button", { onclick: () => post("silence", { ...asked, id: row.id, ended: true, reason: row.reason || "-" }) }, t("End the silence"));
}

// Drawn apart from the forms, which keep what somebody is writing.
function inForce() {
  const running = Object.entries(state.duty).filter(([key, row]) => !key.startsWith("unit/") && (key.startsWith("shift/") || (row.until || 0) > now()) && !row.closed);
  $("in-force").replaceChildren(running.length ? table([t("what"), t("who"), t("until"), t("values"), ""], running.map(([key, row]) => cell("td", [t(key.split("/")[0]), state.people[row.by] || row.by, row.until ? clock(row.until) : "", about(row), ends(key, row)]))) : h("p", { class: "quiet" }, "–"));
}

export function show(name, id) {
  const before = wanted, field = document.activeElement;
  wanted = id ? `${name}/${id}` : name;
  // Whoever types is not interrupted by a new revision of the site: what stands around the field changes, the field stays.
  if (wanted === before && $("view").contains(field) && field.matches("input, select, textarea")) return wanted === "devices" ? devices() : wanted === "duty" && inForce();
  const inMap = ["", "map", "alert"].includes(name);
  $("view").hidden = inMap;
  $("map").hidden = !inMap;
  document.body.dataset.view = inMap ? (name === "map" ? "map" : "list") : "view";
  if (!inMap) $("view").replaceChildren();
  ({ devices, refused, duty, boards, handover, unseen, device: () => device(id) })[name]?.();
  $("tabs").replaceChildren(...[["", t("Alerts")], ["map", t("Map")], ["devices", t("Devices")], ["refused", t("Refused")], ["duty", t("Duty")], ["boards", t("Boats out")], ["unseen", t("Not seen")]].map(([to, text]) => h("a", { href: `#/${to}`, class: to === name || (to === "devices" && name === "device") || (to === "" && name === "alert") ? "chosen" : "" }, text)));
}

export function start() {
  on("duty", () => { if (wanted === "duty") inForce(); if (wanted === "handover") handover(); });
  on("places", () => wanted === "unseen" && unseen());
  setInterval(() => { if (wanted === "boards") boards(); if (wanted === "handover") handover(); }, 5000);
  setInterval(() => wanted === "devices" && devices(), 2000);
  on("refused", () => { if (wanted === "refused") refused(); if (wanted.startsWith("device/")) device(wanted.slice(7)); });
  on("alert", () => wanted.startsWith("device/") && device(wanted.slice(7)));
  on("devices", (rows) => wanted.startsWith("device/") && rows[wanted.slice(7)] && device(wanted.slice(7)));
}
