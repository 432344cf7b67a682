// The keyboard alone suffices: j and k walk the list, a letter does what the button with that letter does.
import { asks, VERBS } from "./actions.js";
import { $, h, hint } from "./dom.js";
import { ordered, toggleGrouping } from "./list.js";
import { whole } from "./map.js";
import { enable, sound } from "./sound.js";
import { on, state } from "./state.js";
import { t } from "./words.js";

const walk = (by) => {
  const all = ordered();
  if (!all.length) return;
  const at = all.findIndex((alert) => alert.id === state.selected);
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
  location.hash = `#/alert/${next.id}`;
  requestAnimationFrame(() => document.querySelector(`[data-alert="${CSS.escape(next.id)}"]`)?.focus());
};

const does = { acknowledge: asks, dispatch: (alert) => alert.open, resolve: (alert) => alert.open, note: () => true, take: (alert) => alert.open };
const verb = (name) => () => {
  const alert = state.alerts.get(state.selected);
  if (!alert) hint(t("Choose an alert first: j and k, or a click."));
  else if (does[name](alert)) VERBS[name](alert);
  else hint(t("Not now: what the alert offers stands below it."));
};
const KEYS = { j: () => walk(1), k: () => walk(-1), a: verb("acknowledge"), d: verb("dispatch"), r: verb("resolve"), n: verb("note"), t: verb("take"), s: () => enable(sound() !== "on"), "/": () => $("of-place").focus(), g: toggleGrouping, h: () => { location.hash = "#/handover"; }, u: () => { location.hash = "#/unseen"; }, b: () => { location.hash = "#/boards"; }, 0: whole, "?": help, Escape: () => { location.hash = "#/"; } };

function help() {
  const rows = [["j k", t("next, previous alert")], ["a", t("Acknowledge")], ["t", t("take over")], ["d", t("dispatch a unit")], ["r", t("resolve")], ["n", t("note")], ["s", t("Sound: press to switch, with a test")], ["/", t("Segment or place number")], ["g", t("In a flood: one by one, or in groups")], ["h", t("Hand-over")], ["b", t("Boats out")], ["u", t("What do we not see?")], ["0", t("The whole coast")], ["Esc", t("Close")]];
  $("dialog").replaceChildren(h("h2", {}, t("Keys")), h("dl", { class: "keys" }, rows.map(([key, text]) => [h("dt", {}, key.split(" ").map((k) => h("kbd", {}, k))), h("dd", {}, text)])), h("menu", {}, h("button", { class: "primary", onclick: () => $("dialog").close() }, t("Close"))));
  $("dialog").showModal();
}

export function start() {
  on("help", help);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open || event.target.matches("input,select,textarea")) return;
    const key = KEYS[event.key];
    if (key) { event.preventDefault(); key(); }
  });
}
