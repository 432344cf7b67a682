// Silence means calm only while the chain works: every link of it stands here, with its age.
import { $, h } from "./dom.js";
import { load, post } from "./live.js";
import { enable, play, sound } from "./sound.js";
import { changed, now, on, state } from "./state.js";
import { clock, day, inLanguage, span, t } from "./words.js";

const worst = (values) => (values.some((value) => value === null || value === undefined) ? null : Math.max(...values));

const cut = () => !state.connected || !state.chain || Date.now() - state.heard > 5000;

// Whether anybody at all has a seat: where nobody ever took one, nobody left it either.
const manned = () => Object.entries(state.duty).some(([key, row]) => key.startsWith("shift/") && row.do !== "off");

function links() {
  if (cut()) return [[t("page"), "bad", t("not connected")]];
  const areas = Object.values(state.chain.areas);
  const late = now() - state.chain.now;
  const judge = (name, value, warn, bad) => [name, value === null ? "idle" : value > bad ? "bad" : value > warn ? "warn" : "good", value === null ? "–" : value < 3000 ? t("now") : span(value)];
  const behind = (reader) => worst(areas.map((area) => area.behind[reader]));
  const unjudged = areas.flatMap((area) => area.unjudged);
  return [
    ...(unjudged.length ? [[t("pressed, and not judged"), "bad", unjudged.join(", ")]] : []),
    judge(t("hearing"), worst(areas.map((area) => (area.tick === null ? null : area.tick + late))), 3000, 10000),
    judge(t("broker"), worst(areas.map((area) => (area.broker === null ? null : area.broker + late))), 4000, 8000),
    judge(t("judging"), behind("processor"), 5000, 10000),
    judge(t("delivery"), behind("deliverer"), 5000, 10000),
    judge(t("record"), behind("recorder"), 30000, 120000),
    ...(manned() ? [] : [[t("on duty"), "warn", t("nobody")]]),
    [t("system"), state.chain.system ? "warn" : "good", state.chain.system ? `${state.chain.system}` : "0"],
  ];
}

function drawLinks() {
  const rows = links();
  $("chain")?.replaceChildren(...rows.map(([name, how, value]) => h("span", { class: `link ${how}`, title: `${name}: ${value}` }, h("i"), h("b", {}, name), h("em", {}, value))));
  const bad = rows.filter((row) => row[1] === "bad").map((row) => row[0]);
  $("banner").hidden = bad.length === 0;
  document.body.classList.toggle("cut", cut());
  if (!bad.length) {
    $("banner").replaceChildren();
    document.body.style.setProperty("--banner", "0px");
    return;
  }
  const [what, then] = cut()
    ? [`${t("This page has heard nothing for")} ${span(Date.now() - state.heard)}`, t("What you see is old. Watch another screen, answer the telephone; the page goes on by itself.")]
    : [`${t("The chain is broken: silence does not mean calm.")} ${rows.filter((row) => row[1] === "bad").map((row) => `${row[0]} ${row[2]}`).join(" · ")}`, t("Presses may not be shown here. Tell the administrator; call the posts.")];
  $("banner").replaceChildren(h("strong", {}, what), h("span", {}, then));
  document.body.style.setProperty("--banner", `${$("banner").offsetHeight}px`);
}

const offered = () => Object.entries(state.duty).some(([key, row]) => key.startsWith("shift/") && row.do === "offer" && row.to === state.me.id);
const onShift = () => state.duty[`shift/${state.me.seat || state.me.post}`];

export function draw() {
  const shift = onShift();
  const mine = shift && shift.by === state.me.id && shift.do !== "off";
  const how = sound();
  $("head").replaceChildren(
    h("a", { href: "#/", class: "brand" }, h("img", { src: "/static/mark.svg", alt: "", width: 30, height: 30 }), h("span", {}, h("strong", {}, t("Coast Guardian")), h("small", {}, inLanguage(state.coast.name.zh, state.coast.name.en)))),
    h("div", { id: "chain", "aria-label": t("state of the chain") }),
    h("div", { id: "clock" }, h("b"), h("small")),
    h("div", { class: "who" }, h("strong", {}, state.me.name), h("small", {}, [state.me.seat, shift ? (mine ? t("on duty") : `${t("on duty")}: ${state.people[shift.by] || shift.by}`) : t("off duty")].filter(Boolean).join(" · "))),
    h("div", { class: "tools" },
      h("button", { class: mine ? "" : "primary", onclick: async () => post("shift", { do: mine ? "off" : "on" }) }, mine ? t("End shift") : t("Start shift")),
      h("a", { href: "#/handover", id: "to-handover", class: offered() ? "button next" : "button" }, offered() ? t("Take over the shift") : t("Hand-over")),
      h("button", { id: "sound", class: `sound ${how}`, title: t("Sound: press to switch, with a test"), onclick: async () => { await enable(how !== "on"); if (how !== "on") play("orange"); } }, { on: t("Sound on"), off: t("Sound off"), blocked: t("Enable sound") }[how]),
      h("button", { id: "language", onclick: switchLanguage, lang: state.language === "zh" ? "en" : "zh-CN" }, state.language === "zh" ? "EN" : "中文"),
      h("button", { id: "theme", title: t("Light or dark"), onclick: switchTheme }, "◐"),
      h("button", { id: "sign-out", title: t("Sign out"), onclick: signOut }, t("Sign out")),
      h("button", { id: "help", title: t("Keys"), onclick: () => changed("help") }, "?"),
    ),
  );
  drawLinks();
  drawClock();
}

async function switchLanguage() {
  const language = state.language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  document.cookie = `coast_language=${language}; path=/; max-age=31536000; samesite=lax`;
  await load();
  changed("reset");
}

export async function signOut() {
  await fetch("/sign-out", { method: "POST" });
  location.href = "/";
}

function switchTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
  changed("theme");
}

function drawClock() {
  const place = $("clock");
  if (place) [place.firstChild.textContent, place.lastChild.textContent] = [clock(now()), day(now())];
}

export function start() {
  document.documentElement.dataset.theme = localStorage.getItem("theme") || "dark";
  for (const what of ["sound", "duty", "reset"]) on(what, draw);
  on("chain", drawLinks);
  setInterval(() => { drawClock(); drawLinks(); }, 1000);
  draw();
}
