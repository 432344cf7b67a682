// What is open, the gravest and oldest first. Red flashes until acknowledged; ages and deadlines count.
import { $, calmly, h, shape } from "./dom.js";
import { now, on, RANK, rings, state } from "./state.js";
import { clock, HOWS, inLanguage, LEVELS, MODELS, named, RESPONSES, short, span, t } from "./words.js";

let filter = "all";
let stretch = ""; // an area's id
const FILTERS = [["all", "All"], ["new", "new"], ["mine", "Mine"], ["drill", "Drill"]]; // t("All") t("Mine") t("Drill")
const passes = { all: () => true, new: (alert) => alert.response === "new", mine: (alert) => alert.owner === state.me.id, drill: (alert) => alert.drill };
const order = (a, b) => RANK[b.level] - RANK[a.level] || rings(b) - rings(a) || a.raised - b.raised;

export function ordered() {
  return [...state.alerts.values()].filter((alert) => alert.open && !alert.suppressed && passes[filter](alert) && (!stretch || alert.area === stretch)).sort(order);
}

function due(alert) {
  if (!alert.due || !alert.open) return "";
  const left = alert.due - now();
  return left >= 0 ? `${t("due in")} ${span(left)}` : `${t("overdue by")} ${span(left)}`;
}

export const standing = (alert) => [named(RESPONSES, alert.response), alert.condition === "over" ? t("over") : "", alert.owner ? state.people[alert.owner] || alert.owner : ""].filter(Boolean).join(" · ");

const areaName = (id) => { const area = state.coast.areas.find((one) => one[0] === id); return area ? inLanguage(area[2], area[3]) || id : id; };

function row(alert) {
  const chosen = state.selected === alert.id;
  return h("a", { class: `row ${alert.level} ${rings(alert) ? "rings" : ""} ${chosen ? "chosen" : ""} ${alert.open ? "" : "done"}`, href: `#/alert/${alert.id}`, "data-alert": alert.id, role: "listitem", "aria-current": chosen ? "true" : null },
    h("span", { class: "mark" }, shape(alert.level), h("b", {}, short(alert.level))),
    h("span", { class: "body" },
      h("span", { class: "title" }, alert.drill ? h("b", { class: "drill" }, t("【Drill】")) : null, h("strong", {}, `${alert.model} ${named(MODELS, alert.model)}`), alert.count > 1 ? h("em", { class: "count" }, `×${alert.count}`) : null),
      h("span", { class: "text" }, inLanguage(alert.text.zh, alert.text.en)),
      h("span", { class: "foot" }, h("span", { class: `pill ${alert.response}` }, alert.suppressed ? `${named(HOWS, alert.suppressed.how)} ${alert.suppressed.until ? "→ " + clock(alert.suppressed.until) : ""}` : standing(alert)), h("span", { class: "place" }, alert.place || alert.segment || (alert.model === "SYS" ? areaName(alert.area) : alert.subject)))),
    h("span", { class: "times" }, h("b", { "data-age": alert.raised, title: t("age") }, span(now() - alert.raised)), h("small", { "data-due": alert.id, class: alert.due && alert.due < now() ? "overdue" : "" }, due(alert))));
}

export const draw = calmly(drawNow);

function drawNow() {
  const focused = document.activeElement?.dataset?.alert;
  const all = [...state.alerts.values()];
  const open = ordered();
  const fold = (name, alerts, label) => alerts.length ? h("details", { class: "fold", open: folds.has(name), ontoggle: (event) => folds[event.target.open ? "add" : "delete"](name) }, h("summary", {}, `${label} `, h("b", {}, `${alerts.length}`)), alerts.map(row)) : null;
  const unverified = all.filter((alert) => alert.response === "resolved" && alert.outcome !== "superseded" && RANK[alert.level] >= 3).sort((a, b) => b.updated - a.updated);
  const closed = all.filter((alert) => !alert.open && !unverified.includes(alert)).sort((a, b) => b.updated - a.updated).slice(0, 60);
  $("filters").replaceChildren(
    h("div", { class: "tally" }, ["red", "orange", "yellow", "blue"].map((level) => h("span", { class: level, title: named(LEVELS, level) }, shape(level), h("b", {}, `${all.filter((a) => a.open && !a.suppressed && a.level === level).length}`), h("small", {}, short(level))))),
    h("div", { class: "chips", role: "group", "aria-label": t("Filter") }, state.coast.areas.length > 1 ? h("select", { "aria-label": t("area"), onchange: (event) => { stretch = event.target.value; draw(); } }, h("option", { value: "" }, t("All areas")), state.coast.areas.map(([id, , zh, en]) => h("option", { value: id, selected: id === stretch }, inLanguage(zh, en) || id))) : null, FILTERS.map(([name, label]) => h("button", { class: filter === name ? "chosen" : "", "aria-pressed": String(filter === name), onclick: () => { filter = name; draw(); } }, t(label)))));
  $("list").replaceChildren(
    ...(open.length ? open.map(row) : [h("div", { class: "calm" }, h("b", {}, t("No open alerts")), h("small", {}, t("The state of the chain stands above.")))]),
    ...[fold("suppressed", all.filter((a) => a.open && a.suppressed).sort(order), t("Suppressed")), fold("verify", unverified, t("To be verified")), fold("closed", closed, t("Closed"))].filter(Boolean));
  if (focused) $("list").querySelector(`[data-alert="${CSS.escape(focused)}"]`)?.focus();
}

const folds = new Set();

function count() {
  for (const place of document.querySelectorAll("[data-age]")) place.textContent = span(now() - Number(place.dataset.age));
  for (const place of document.querySelectorAll("[data-due]")) {
    const alert = state.alerts.get(place.dataset.due);
    if (alert) [place.textContent, place.className] = [due(alert), alert.due && alert.due < now() ? "overdue" : ""];
  }
}

export function start() {
  for (const what of ["alert", "reset", "select"]) on(what, draw);
  on("alert", ({ alert, known }) => {
    const told = rings(alert) && (!known || RANK[alert.level] > RANK[known.level]);
    if (told) $("news").textContent = `${named(LEVELS, alert.level)} ${inLanguage(alert.text.zh, alert.text.en)}`;
    document.title = `${ordered().filter(rings).length ? "(" + ordered().filter(rings).length + ") " : ""}${t("Coast Guardian")}`;
  });
  setInterval(count, 1000);
  draw();
}
