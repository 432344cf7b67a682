// One alert: what, where, what proves it, who did what when, and what can be done now.
import { act, asks, pending, VERBS } from "./actions.js";
import { $, calmly, h, shape } from "./dom.js";
import { changed, now, on, rings, state } from "./state.js";
import { evidence, reason } from "./reasons.js";
import { unitState } from "./units.js";
import { CHANGES, clock, HOWS, inLanguage, LEVELS, MODELS, moment, named, FLAGS, OUTCOMES, span, t, why } from "./words.js";

let rows = [];

const fact = (name, value) => (value ? [h("dt", {}, name), h("dd", {}, value)] : null);
const who = (id) => state.people[id] || id || "";

function unitName(id) {
  const known = state.coast.units.find(([each]) => each === id);
  return known ? inLanguage(known[3], known[4]) || id : id;
}

function steps(alert) {
  const road = [["raised", alert.raised], ["acknowledged", alert.acknowledged], ["accepted", alert.dispatched], ["arrived", alert.arrived], ["resolved", alert.resolved], ["verified", alert.verified]];
  return h("ol", { class: "steps" }, road.map(([name, at]) => h("li", { class: at ? "past" : "" }, h("i"), h("b", {}, t(name)), h("small", {}, at ? (name === "raised" ? clock(at) : `+${span(at - alert.raised)}`) : ""))));
}

function unitButtons(alert) {
  return alert.responses.filter((unit) => !unit.left && !unit.declined).map((unit) => {
    const next = !unit.accepted ? [["accept", t("accepted")], ["decline", t("declined")]] : !unit.enroute ? [["enroute", t("en route")], ["arrive", t("arrived")]] : !unit.arrived ? [["arrive", t("arrived")]] : [["leave", t("left")]];
    return h("div", { class: "sent-unit" }, h("b", {}, unitName(unit.unit)), h("span", {}, unitState(unit)), next.map(([verb, text], index) => h("button", { class: index ? "" : "next", "data-do": verb, onclick: () => act(alert, verb, { unit: unit.unit }) }, text)));
  });
}

function verbs(alert) {
  const can = [];
  if (asks(alert)) can.push(["acknowledge", t("Acknowledge")]);
  else if (alert.open && alert.owner !== state.me.id) can.push(["take", t("take over")]);
  if (alert.open) can.push(["dispatch", t("Dispatch")], ["resolve", t("Resolve")]);
  const mine = rows.findLast((row) => row.what === "resolve")?.by === state.me.id;
  if (alert.response === "resolved") can.push(["verify", t("verify"), mine ? t("another person must verify") : ""]);
  if (!alert.open) can.push(["reopen", t("reopen")]);
  can.push(["note", t("note")]);
  if (alert.open) can.push(["escalate", t("escalate")]);
  if (alert.suppressed?.how === "shelved") can.push(["unshelve", t("unshelve")]);
  else if (alert.open && alert.level !== "red") can.push(["shelve", t("shelve")]);
  if (alert.open && alert.response !== "new") can.push(["transfer", t("transfer")]);
  if (alert.open) can.push(["merge", t("merge")]);
  if (alert.incident) can.push(["split", t("split")]);
  const key = { acknowledge: "a", dispatch: "d", resolve: "r", note: "n" };
  return can.map(([verb, text, never], index) => never ? h("p", { class: "quiet" }, `${text}: ${never}`) : h("button", { class: index === 0 ? `primary ${alert.response === "new" ? alert.level : ""}` : "", "data-do": verb, onclick: () => VERBS[verb](alert) }, text, key[verb] ? h("kbd", {}, key[verb]) : null));
}

function told(alert) {
  const waiting = pending.get(alert.id);
  if (!waiting) return h("p", { class: "told", role: "status" });
  const slow = waiting.how === "sent" && now() - waiting.at > 5000;
  const text = { sending: t("sending…"), sent: slow ? t("sent; no answer yet") : t("sent"), done: t("done"), refused: `${t("not carried out")}: ${waiting.why}` }[waiting.how];
  return h("p", { class: `told ${waiting.how}`, role: "status" }, `${named(CHANGES, waiting.what)}: ${text}`);
}

export const draw = calmly(drawNow);

function drawNow() {
  const alert = state.alerts.get(state.selected);
  const place = $("detail");
  place.hidden = !alert;
  document.body.classList.toggle("reading", Boolean(alert));
  if (!alert) return place.replaceChildren();
  const focused = document.activeElement?.closest("#detail") ? document.activeElement.dataset.do : null;
  const device = state.coast.devices.find(([id]) => id === alert.subject);
  place.replaceChildren(
    h("div", { class: `top ${alert.level} ${rings(alert) ? "rings" : ""}` }, shape(alert.level),
      h("div", {}, h("small", {}, `${named(LEVELS, alert.level)} · ${alert.model} ${named(MODELS, alert.model)}`), h("h1", {}, alert.drill ? t("【Drill】") : "", inLanguage(alert.text.zh, alert.text.en))),
      h("button", { class: "close", "aria-label": t("Close"), onclick: () => { location.hash = "#/"; } }, "✕")),
    steps(alert),
    h("div", { class: "scroll" },
      unitButtons(alert),
      h("dl", {}, fact(t("place"), [alert.place, alert.segment].filter(Boolean).join(" · ")), fact(t("subject"), device ? h("a", { href: `#/device/${alert.subject}` }, alert.subject) : alert.subject),
        fact(t("owner"), who(alert.owner)), fact(t("occurred"), moment(alert.occurred)), fact(t("raised"), moment(alert.raised)), fact(t("count"), alert.count > 1 ? `${alert.count}` : ""),
        fact(t("outcome"), alert.outcome ? named(OUTCOMES, alert.outcome) : ""), fact(t("suppressed"), alert.suppressed ? `${named(HOWS, alert.suppressed.how)} · ${who(alert.suppressed.by)} · ${alert.suppressed.reason || ""}` : ""),
        fact(t("flags"), alert.flags.map((flag) => named(FLAGS, flag)).join(" · ")), fact(t("reason"), reason(alert)),
        fact(t("evidence"), evidence(alert)), fact(t("confidence"), alert.confidence === null ? "" : `${Math.round(alert.confidence * 100)} %`), fact(t("told"), alert.audience.map(who).join(", "))),
      h("h2", {}, t("Timeline")),
      h("ol", { class: "timeline" }, [...rows].reverse().map((row) => h("li", { class: row.level }, h("time", {}, clock(row.at)), h("b", { class: row.what === "ignored" ? "bad" : "" }, named(CHANGES, row.what)), h("span", {}, [who(row.by), unitName(row.unit), ["ignored", "no_unit"].includes(row.what) && row.note ? why(row.note) : row.note].filter(Boolean).join(" · ")), h("small", {}, `#${row.revision}`)))),
      h("p", {}, h("a", { href: `/api/alerts/${encodeURIComponent(alert.id)}/cap`, download: `${alert.id}.xml` }, "CAP 1.2 XML"))),
    h("footer", {}, told(alert), h("div", { class: "verbs" }, verbs(alert))));
  if (focused) (place.querySelector(`[data-do="${focused}"]`) || place.querySelector("[data-do]"))?.focus();
}

async function read() {
  const id = state.selected;
  if (!id || !state.alerts.has(id)) return;
  const answer = await fetch(`/api/alerts/${encodeURIComponent(id)}`);
  if (answer.ok && id === state.selected) {
    rows = await answer.json();
    draw();
  }
}

export function start() {
  on("select", () => { rows = []; draw(); read(); });
  on("alert", ({ alert }) => { if (alert.id === state.selected) { rows = [...rows.filter((row) => row.revision !== alert.revision), { ...alert.change, revision: alert.revision, level: alert.level }]; draw(); } });
  on("pending", (id) => id === state.selected && draw());
  on("reset", () => { draw(); read(); });
  setInterval(() => pending.get(state.selected)?.how === "sent" && draw(), 1000);
  changed("select");
}
