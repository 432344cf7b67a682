// What a person does to an alert: "sent" when the log has it, "done" at the alert's next revision, or why not.
import { $, h } from "./dom.js";
import { post } from "./live.js";
import { changed, now, on, state } from "./state.js";
import { inLanguage, named, OUTCOMES, t, TYPES, why } from "./words.js";

export const pending = new Map(); // alert -> {how, what, number, offset, why, at}

export async function act(alert, verb, more = {}) {
  pending.set(alert.id, { how: "sending", what: verb, at: now() });
  changed("pending", alert.id);
  const answer = await post("act", { alert: alert.id, do: verb, if_revision: alert.revision, ...more });
  if (!answer.ok) pending.set(alert.id, { how: "refused", what: verb, why: t(answer.why), at: now() });
  else {
    const latest = state.alerts.get(alert.id);
    const waiting = { how: "sent", what: verb, offset: answer.sent[0][1], at: now() };
    pending.set(alert.id, latest && latest.offset >= waiting.offset ? answered(latest, waiting) : waiting);
  }
  changed("pending", alert.id);
}

const answered = (alert, waiting) => (alert.change.what === "ignored" ? { ...waiting, how: "refused", why: why(alert.change.note || "") } : { ...waiting, how: "done" });

on("alert", ({ alert }) => {
  const waiting = pending.get(alert.id);
  if (waiting?.how === "sent" && alert.offset >= waiting.offset) pending.set(alert.id, answered(alert, waiting));
});

function ask(title, fields, send) {
  const dialog = $("dialog");
  const form = h("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); dialog.close(); send(Object.fromEntries(new FormData(form))); } },
    h("h2", {}, title), fields, h("menu", {}, h("button", { type: "button", onclick: () => dialog.close() }, t("Cancel")), h("button", { class: "primary" }, t("Send"))));
  dialog.replaceChildren(form);
  dialog.showModal();
  form.querySelector("input,select,textarea,button[name]")?.focus();
}

const label = (text, field) => h("label", {}, h("span", {}, text), field);
const remark = (required = false) => label(t("note"), h("textarea", { name: "note", rows: 2, maxLength: 2000, required }));
const minutes = (name) => label(t("until"), h("select", { name }, [15, 30, 60, 120, 240].map((m) => h("option", { value: m }, `${m} ${t("min")}`))));

export function distance(from, to) {
  if (!from || !to) return null;
  const k = Math.cos(((from[1] + to[1]) / 2) * Math.PI / 180);
  return Math.hypot((to[0] - from[0]) * k, to[1] - from[1]) * 111195;
}

export function unitsBy(alert) {
  return state.coast.units.map(([id, type, fixed, zh, en, area]) => {
    const seen = state.duty[`unit/${id}`];
    return { id, type, area, name: inLanguage(zh, en) || id, state: seen?.state || "free", metres: distance(alert.position, seen?.position || fixed) };
  }).sort((a, b) => (a.state === "off") - (b.state === "off") || (a.metres ?? 1e9) - (b.metres ?? 1e9));
}

// A question that waits for an answer: nobody has looked yet, or somebody else was seen after the answer.
export const asks = (alert) => alert.response === "new" || (alert.open && alert.reason.code === "confirm" && alert.change.what === "again");

export const VERBS = {
  acknowledge: (alert) => act(alert, "acknowledge"),
  take: (alert) => act(alert, "take"),
  verify: (alert) => ask(t("verify"), [remark()], ({ note }) => act(alert, "verify", { note: note || null })),
  reopen: (alert) => ask(t("reopen"), [remark(true)], ({ note }) => act(alert, "reopen", { note })),
  note: (alert) => ask(t("note"), [remark(true)], ({ note }) => act(alert, "note", { note })),
  escalate: (alert) => ask(t("escalate"), [remark()], ({ note }) => act(alert, "escalate", { note: note || null })),
  unshelve: (alert) => act(alert, "unshelve"),
  shelve: (alert) => ask(t("shelve"), [minutes("until"), remark(true)], ({ until, note }) => act(alert, "shelve", { until: Math.round(now() + until * 60000), note })),
  resolve: (alert) => ask(t("resolve"), [label(t("outcome"), h("select", { name: "outcome", required: true }, h("option", { value: "" }, "—"), Object.keys(OUTCOMES).filter((o) => o !== "superseded").map((o) => h("option", { value: o }, named(OUTCOMES, o))))), remark()], ({ outcome, note }) => act(alert, "resolve", { outcome, note: note || null })),
  dispatch: (alert) => ask(t("dispatch a unit"), [h("div", { class: "units" }, unitsBy(alert).slice(0, 12).map((unit, index) => h("label", { class: `unit ${unit.state}` }, h("input", { type: "radio", name: "unit", value: unit.id, checked: index === 0, required: true }), h("b", {}, unit.name), h("span", {}, named(TYPES, unit.type)), h("em", {}, unit.metres === null ? "–" : `${(unit.metres / 1000).toFixed(1)} km`)))), h("p", { class: "quiet" }, t("Straight distance; the way may be longer."))], ({ unit }) => act(alert, "dispatch", { unit })),
  transfer: (alert) => ask(t("transfer"), [label(t("to"), h("select", { name: "to", required: true }, Object.entries(state.people).filter(([id]) => id !== alert.owner).map(([id, name]) => h("option", { value: id }, name)))), remark()], ({ to, note }) => act(alert, "transfer", { to, note: note || null })),
  split: (alert) => ask(t("split"), [remark()], ({ note }) => act(alert, "split", { note: note || null })),
  merge: (alert) => ask(t("merge"), [label(t("into"), h("select", { name: "to", required: true }, [...state.alerts.values()].filter((a) => a.open && a.id !== alert.id && a.area === alert.area).map((a) => h("option", { value: a.id }, `${a.model} ${inLanguage(a.text.zh, a.text.en).slice(0, 50)}`)))), remark()], ({ to, note }) => act(alert, "merge", { to, note: note || null })),
};
