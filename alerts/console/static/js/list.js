// What is open, the gravest and oldest first. Red flashes until acknowledged; ages and deadlines count.
import { $, calmly, h, shape } from "./dom.js";
import { flood, grouped, grouping, nameOf, switchGrouping } from "./flood.js";
import { alertIsHere, places } from "./places.js";
import { changed, now, on, RANK, rings, state } from "./state.js";
import { asked } from "./units.js";
import { clock, HOWS, inLanguage, LEVELS, MODELS, named, RESPONSES, short, span, t } from "./words.js";

let filter = "all";
const FILTERS = [["all", "All"], ["new", "new"], ["mine", "Mine"], ["told", "For me"], ["drill", "Drill"]]; // t("All") t("Mine") t("For me") t("Drill")
const passes = { all: () => true, new: (alert) => alert.response === "new", mine: (alert) => alert.owner === state.me.id, told: (alert) => alert.audience.includes(state.me.id), drill: (alert) => alert.drill };
const order = (a, b) => RANK[b.level] - RANK[a.level] || rings(b) - rings(a) || a.raised - b.raised;

const standing = () => [...state.alerts.values()].filter((alert) => alert.open && !alert.suppressed);

const laid = () => grouped(standing().filter((alert) => passes[filter](alert) && alertIsHere(alert)).sort(order));
export const ordered = () => laid().flatMap((group) => group.alerts); // as it is read from above

function due(alert) {
  if (!alert.due || !alert.open) return "";
  const left = alert.due - now();
  return left >= 0 ? `${t("due in")} ${span(left)}` : `${t("overdue by")} ${span(left)}`;
}

const stateOf = (alert) => [named(RESPONSES, alert.response), asked(alert), alert.condition === "over" ? t("over") : "", alert.owner ? state.people[alert.owner] || alert.owner : ""].filter(Boolean).join(" · ");

const areaName = (id) => { const area = state.coast.areas.find((one) => one[0] === id); return area ? inLanguage(area[2], area[3]) || id : id; };

function row(alert) {
  const chosen = state.selected === alert.id;
  return h("a", { class: `row ${alert.level} ${rings(alert) ? "rings" : ""} ${chosen ? "chosen" : ""} ${alert.open ? "" : "done"}`, href: `#/alert/${alert.id}`, "data-alert": alert.id, role: "listitem", "aria-current": chosen ? "true" : null },
    h("span", { class: "mark" }, shape(alert.level), h("b", {}, short(alert.level))),
    h("span", { class: "body" },
      h("span", { class: "title" }, alert.drill ? h("b", { class: "drill" }, t("【Drill】")) : null, h("strong", {}, `${alert.model} ${named(MODELS, alert.model)}`), alert.count > 1 ? h("em", { class: "count" }, `×${alert.count}`) : null),
      h("span", { class: "text" }, inLanguage(alert.text.zh, alert.text.en)),
      h("span", { class: "foot" }, h("span", { class: `pill ${alert.response}` }, alert.suppressed ? `${named(HOWS, alert.suppressed.how)} ${alert.suppressed.until ? "→ " + clock(alert.suppressed.until) : ""}` : stateOf(alert)), h("span", { class: "place" }, alert.place || alert.segment || (alert.model === "SYS" ? areaName(alert.area) : alert.subject)))),
    h("span", { class: "times" }, h("b", { "data-age": alert.raised, title: t("age") }, span(now() - alert.raised)), h("small", { "data-due": alert.id, class: alert.due && alert.due < now() ? "overdue" : "" }, due(alert))));
}

// Many alerts of one model on one stretch as one row, which opens; how many nobody has acknowledged stands on it.
function group({ key, place, alerts }) {
  const gravest = alerts[0];
  const fresh = alerts.filter(rings).length;
  const open = opened.has(key) || alerts.some((alert) => alert.id === state.selected);
  return h("details", { class: `group ${gravest.level}`, open, "data-group": key, role: "listitem", ontoggle: (event) => opened[event.target.open ? "add" : "delete"](key) },
    h("summary", { class: `row ${gravest.level} ${fresh ? "rings" : ""}`, "data-alert": `group/${key}` }, h("span", { class: "mark" }, shape(gravest.level), h("b", {}, short(gravest.level))),
      h("span", { class: "body" }, h("span", { class: "title" }, h("strong", {}, `${gravest.model} ${named(MODELS, gravest.model)}`), h("em", { class: "count" }, `×${alerts.length}`)), h("span", { class: "foot" }, fresh ? h("span", { class: "pill new" }, `${t("new")} ${fresh}`) : null, h("span", { class: "place" }, nameOf(place)))),
      h("span", { class: "times" }, h("b", { "data-age": Math.min(...alerts.map((alert) => alert.raised)), title: t("age") }))),
    alerts.map(row));
}

function drawFlood() {
  const since = flood();
  const place = $("flood");
  place.hidden = since === null;
  place.replaceChildren(...(since === null ? [] : [h("b", {}, `${t("Flood of alerts since")} ${clock(since)}`), h("span", {}, grouping() ? t("Grouped by model and stretch. Red and presses stand alone.") : t("Shown one by one.")), h("button", { id: "grouping", onclick: toggleGrouping }, grouping() ? t("One by one") : t("Group"), h("kbd", {}, "g"))]));
}

export function toggleGrouping() {
  if (flood() === null) return;
  switchGrouping();
  draw();
}

export const draw = calmly(drawNow);

function drawNow() {
  const focused = document.activeElement?.dataset?.alert, onSwitch = document.activeElement?.id === "grouping";
  const all = [...state.alerts.values()];
  const groups = laid();
  const open = groups.flatMap((one) => one.alerts);
  drawFlood();
  const fold = (name, alerts, label) => alerts.length ? h("details", { class: "fold", open: folds.has(name), ontoggle: (event) => folds[event.target.open ? "add" : "delete"](name) }, h("summary", {}, `${label} `, h("b", {}, `${alerts.length}`)), alerts.map(row)) : null;
  const unverified = all.filter((alert) => alert.response === "resolved" && alert.outcome !== "superseded" && RANK[alert.level] >= 3).sort((a, b) => b.updated - a.updated);
  const closed = all.filter((alert) => !alert.open && !unverified.includes(alert) && alertIsHere(alert)).sort((a, b) => b.updated - a.updated).slice(0, 60);
  $("tally").replaceChildren(...["red", "orange", "yellow", "blue"].map((level) => h("span", { class: level, title: named(LEVELS, level) }, shape(level), h("b", {}, `${all.filter((a) => a.open && !a.suppressed && a.level === level).length}`), h("small", {}, short(level)))));
  for (const chip of document.querySelectorAll(".chips [data-filter]")) { chip.classList.toggle("chosen", chip.dataset.filter === filter); chip.setAttribute("aria-pressed", String(chip.dataset.filter === filter)); }
  drawHidden(standing().filter((alert) => !open.includes(alert)));
  $("list").replaceChildren(
    ...(open.length ? groups.map((one) => (one.key ? group(one) : row(one.alerts[0]))) : [h("div", { class: "calm" }, h("b", {}, standing().length ? t("No open alerts with this filter") : t("No open alerts")), h("small", {}, t("The state of the chain stands above.")))]),
    ...[fold("suppressed", all.filter((a) => a.open && a.suppressed && alertIsHere(a)).sort(order), t("Suppressed")), fold("verify", unverified.filter(alertIsHere), t("To be verified")), fold("closed", closed, t("Closed"))].filter(Boolean));
  count();
  if (focused) $("list").querySelector(`[data-alert="${CSS.escape(focused)}"]`)?.focus();
  if (onSwitch) $("grouping")?.focus();
  drawMore();
}

// A filter never hides an alert silently: how many it hides stands there, and one press shows them.
function drawHidden(hidden) {
  const place = $("hidden");
  place.hidden = !hidden.length;
  place.className = hidden.some(rings) ? "rings" : "";
  place.textContent = `${t("Hidden by the filter:")} ${hidden.length} · ${t("show all")}`;
}

function showAll() {
  filter = "all";
  state.filter = { area: "", place: "" };
  drawFilters();
  changed("filter");
}

// Nobody scrolls a wall: how many did not find room stands below.
function drawMore() {
  if (!document.body.classList.contains("wall")) return;
  const end = $("list").getBoundingClientRect().bottom;
  const cut = [...document.querySelectorAll("#list > :is(.row, .group)")].filter((row) => { const out = row.getBoundingClientRect().bottom > end + 2; row.classList.toggle("cut-off", out); return out; }).length;
  $("more").textContent = cut ? `${t("and more:")} ${cut}` : "";
}

// Drawn once, and again only with another language or site: what somebody types in is never taken from under the hands.
function drawFilters() {
  const area = h("select", { id: "of-area", "aria-label": t("area"), onchange: (event) => { state.filter = { ...state.filter, area: event.target.value }; changed("filter"); } }, h("option", { value: "" }, t("All areas")), state.coast.areas.map(([id, , zh, en]) => h("option", { value: id, selected: id === state.filter.area }, inLanguage(zh, en) || id)));
  const place = h("input", { id: "of-place", type: "search", list: "all-places", value: state.filter.place, placeholder: t("Segment or place number"), "aria-label": t("Segment or place number"), autocomplete: "off", maxLength: 60, oninput: (event) => { state.filter = { ...state.filter, place: event.target.value.trim() }; changed("filter"); }, onkeydown: (event) => { if (event.key === "Escape") { event.target.value = ""; state.filter = { ...state.filter, place: "" }; changed("filter"); event.target.blur(); } } });
  $("filters").replaceChildren(h("div", { class: "tally", id: "tally" }),
    h("div", { class: "where" }, state.coast.areas.length > 1 ? area : null, place, h("datalist", { id: "all-places" }, places().map(([value, text]) => h("option", { value }, text)))),
    h("div", { class: "chips", role: "group", "aria-label": t("Filter") }, FILTERS.map(([name, label]) => h("button", { "data-filter": name, onclick: () => { filter = name; draw(); } }, t(label)))),
    h("button", { id: "hidden", hidden: true, onclick: showAll }), h("div", { id: "flood", role: "status", hidden: true }));
}

const folds = new Set(); // that are open
const opened = new Set(); // groups that are

function count() {
  for (const place of document.querySelectorAll("[data-age]")) place.textContent = span(now() - Number(place.dataset.age));
  for (const place of document.querySelectorAll("[data-due]")) {
    const alert = state.alerts.get(place.dataset.due);
    if (alert) [place.textContent, place.className] = [due(alert), alert.due && alert.due < now() ? "overdue" : ""];
  }
}

export function start() {
  on("reset", drawFilters);
  on("filter", () => { if (document.activeElement !== $("of-place")) $("of-place").value = state.filter.place; });
  for (const what of ["alert", "reset", "select", "filter"]) on(what, draw);
  on("alert", ({ alert, known }) => {
    const told = rings(alert) && (!known || RANK[alert.level] > RANK[known.level]);
    if (told) $("news").textContent = `${named(LEVELS, alert.level)} ${inLanguage(alert.text.zh, alert.text.en)}`;
    document.title = `${ordered().filter(rings).length ? "(" + ordered().filter(rings).length + ") " : ""}${t("Coast Guardian")}`;
  });
  let before = null;
  on("chain", () => { if (flood() !== before) { before = flood(); draw(); } });
  setInterval(() => { count(); drawMore(); }, 1000);
  drawFilters();
  draw();
}
