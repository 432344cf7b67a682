// The whole state once, then every change as it happens; after a break it goes on where it stopped.
import { changed, state } from "./state.js";

let source = null;

export async function load(coastToo = false) {
  const language = localStorage.getItem("language") || "";
  const answer = await fetch(`/api/start?language=${language}`);
  if (answer.status === 401) location.reload();
  const body = await answer.json();
  const coast = state.coast && !coastToo ? state.coast : await (await fetch("/api/coast")).json();
  state.skew = body.chain.now - Date.now();
  document.documentElement.lang = body.language === "zh" ? "zh-CN" : "en";
  Object.assign(state, body, { heard: Date.now(), coast, alerts: new Map(body.alerts.map((alert) => [alert.id, alert])) });
}

export function listen() {
  source?.close();
  source = new EventSource(`/live?after=${state.live}`);
  const hear = (kind, take) => source.addEventListener(kind, (event) => {
    state.heard = Date.now();
    state.connected = true;
    state.live = event.lastEventId || state.live;
    take(event.data ? JSON.parse(event.data) : null);
  });
  hear("alert", (alert) => {
    const known = state.alerts.get(alert.id);
    if (known && known.revision > alert.revision) return;
    state.alerts.set(alert.id, alert);
    changed("alert", { alert, known });
  });
  hear("devices", (rows) => { Object.assign(state.devices, rows); changed("devices", rows); });
  hear("vessels", (rows) => { Object.assign(state.vessels, rows); changed("vessels", rows); });
  hear("duty", (rows) => { Object.assign(state.duty, rows); changed("duty", rows); });
  hear("chain", (chain) => { state.chain = chain; state.skew = chain.now - Date.now(); changed("chain"); });
  hear("refused", () => changed("refused"));
  hear("site", async () => { await load(true); changed("site"); changed("reset"); });
  hear("reset", async () => { source.close(); await load(); changed("reset"); listen(); });
  source.onerror = () => {
    state.connected = false;
    watch();
    changed("chain");
    if (source.readyState === EventSource.CLOSED) later();
  };
}

// Twice as long after each failure, at most 15 s, and never all pages of a room at the same moment; at once when there is a reason to hope.
const LONGEST = 15000; // ms; ours
let failures = 0;
let asking = null;
export const pause = (failed, random = Math.random()) => Math.min(LONGEST, 1000 * 2 ** Math.min(failed, 10)) * (0.5 + random / 2);
function later() {
  if (asking !== null) return;
  asking = setTimeout(again, pause(failures));
  failures += 1;
}

function atOnce() {
  if (asking === null) return watch();
  clearTimeout(asking);
  again();
}

// The server refused us: signed out, taken out of the site, or another process. Whoever is not known any more gets the sign-in page.
async function again() {
  asking = null;
  try {
    await load();
    failures = 0;
    changed("reset");
    listen();
  } catch {
    later();
  }
}

// A line that died silently (a sleeping laptop, a pulled cable) raises no error: four seconds without a word open a new one.
let tried = 0;
function watch() {
  const quiet = Date.now() - state.heard;
  if (asking === null && quiet > 4000 && Date.now() - tried > 4000) {
    tried = Date.now();
    state.connected = false;
    changed("chain");
    listen();
  }
}

export function start() {
  state.heard = Date.now();
  setInterval(watch, 1000);
  for (const what of ["online", "focus", "pageshow"]) addEventListener(what, atOnce);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && atOnce());
}

// What stands on a page before a person needs no second channel. An open page at an empty desk is nobody: a key, a touch or the pointer must have moved lately.
let sign = 0;
for (const what of ["pointermove", "pointerdown", "keydown", "wheel"]) addEventListener(what, (event) => { if (event.isTrusted) sign = Date.now(); }, { capture: true, passive: true });

const shown = new Map(); // alert#revision -> since when it stands before a person; said for half a minute, as its page may be laid down after it
setInterval(async () => {
  const idle = Date.now() - sign;
  if (document.visibilityState !== "visible" || !state.connected || idle > state.present) return;
  const fresh = [...state.alerts.values()].filter((alert) => alert.open).filter((alert) => {
    const key = `${alert.id}#${alert.revision}`;
    if (!shown.has(key)) shown.set(key, Date.now());
    return Date.now() - shown.get(key) < 30000;
  });
  if (fresh.length) await post("seen", { alerts: fresh.map((alert) => alert.id), idle });
}, 2500);

export async function post(kind, body) {
  try {
    const answer = await fetch(`/api/${kind}`, { method: "POST", headers: { "content-type": "application/json", "x-coast-csrf": state.csrf }, body: JSON.stringify(body) });
    return { ok: answer.ok, ...(await answer.json()) };
  } catch {
    return { ok: false, why: "no connection to the console" };
  }
}
