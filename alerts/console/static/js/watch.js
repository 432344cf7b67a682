// What colour each place has, and what of the shore no model sees: silence must not look like calm.
import { $, h, shape } from "./dom.js";
import { nameOf } from "./flood.js";
import { changed, on, RANK, state } from "./state.js";
import { inLanguage, LEVELS, MODELS, named, t } from "./words.js";

const EVERY = 10000; // ms between questions without news; ours
const SOON = 1000; // ms after an alert changed; ours
const PEOPLE = ["M01", "M09"];
let now = null; // the last answer, null before the first and after a failure: then nothing is known, and that is said
let worst = new Map(); // segment -> blind: nobody in need is heard (M01) or seen (M09) there; or partly: some model sees less than it should
let asked = 0;


async function ask() {
  const mine = (asked += 1);
  let answer = null;
  try {
    const got = await fetch("/api/places");
    if (got.ok) answer = await got.json();
  } catch { /* the header says that the page is cut off */ }
  if (mine !== asked) return;
  now = answer;
  worst = new Map();
  const people = new Map(); // segment -> how many of the box and the cameras are blind there
  for (const row of now?.unseen || []) for (const segment of row.segments) {
    if (!worst.has(segment)) worst.set(segment, "partly");
    if (row.state === "blind") people.set(segment, (people.get(segment) || 0) + PEOPLE.filter((model) => row.models.includes(model)).length);
    if (people.get(segment) === PEOPLE.length) worst.set(segment, "blind");
  }
  changed("places");
}

// The segments with their colour and how they are seen, for the map.
export const shores = () => ({ ...state.coast.segments, features: state.coast.segments.features.map((one) => {
  const id = one.properties.id;
  const level = now?.colours[id]?.level;
  const seen = now ? worst.get(id) : "blind";
  return { ...one, properties: { ...one.properties, ...(level ? { level } : {}), ...(seen ? { seen } : {}) } };
}) });

export function colourOf(id) {
  if (!now) return t("not known");
  const rows = now.unseen.filter((row) => row.segments.includes(id));
  const blind = rows.filter((row) => row.state === "blind").flatMap((row) => row.models);
  const level = now.colours[id]?.level;
  return [level ? named(LEVELS, level) : "", blind.length ? `${t("blind")}: ${blind.join(" ")}` : rows.length ? t("partly") : t("watching")].filter(Boolean).join(" · ");
}

const place = (id) => { const segment = state.coast.segments.features.find((one) => one.properties.id === id); return segment ? [id, inLanguage(segment.properties.zh, segment.properties.en)].filter(Boolean).join(" ") : nameOf(id); };

const models = (row) => (row.models.length === 1 ? `${row.models[0]} ${named(MODELS, row.models[0])}` : row.models.length === 17 ? t("all models") : h("span", {}, row.models.map((code) => `${code} ${named(MODELS, code)}`).join(" · ")));

function segments(row) {
  const all = now.segments[row.area] === row.segments.length;
  return all ? t("the whole area") : h("details", {}, h("summary", {}, `${row.segments.length} ${t("segments")}`), h("span", {}, row.segments.map(place).join(" · ")));
}

export function unseen() {
  const view = $("view");
  const open = new Set([...view.querySelectorAll("details[open]")].map((one) => one.dataset.row));
  const focused = document.activeElement?.closest?.("[data-row]")?.dataset.row;
  if (!now) return view.replaceChildren(h("div", { class: "board" }, h("h1", {}, t("What do we not see?")), h("p", { class: "bad", role: "status" }, t("Not known: the console does not answer. Nothing counts as watched."))));
  const cell = (tag, cells) => h("tr", {}, cells.map((value) => h(tag, {}, value ?? "")));
  const table = (heads, rows) => h("div", { class: "scroll-x" }, h("table", {}, h("thead", {}, cell("th", heads)), h("tbody", {}, rows)));
  const rows = (how) => now.unseen.filter((row) => row.state === how);
  const part = (how, title) => [h("h2", {}, `${title} `, h("b", {}, `${rows(how).length}`)), rows(how).length ? table([t("model"), t("area"), t("reason"), t("where")], rows(how).map((row) => { const where = segments(row); const key = `${row.area}/${row.models}/${row.en}/${how}`; if (where.dataset) { where.dataset.row = key; where.open = open.has(key); } return cell("td", [models(row), nameOf(row.area), inLanguage(row.zh, row.en), where]); })) : h("p", { class: "quiet" }, t("none"))];
  const warned = Object.entries(now.colours).filter(([id]) => !state.coast.segments.features.some((one) => one.properties.id === id)).sort((a, b) => RANK[b[1].level] - RANK[a[1].level]);
  view.replaceChildren(h("div", { class: "board" }, h("h1", {}, t("What do we not see?")), h("section", {}, part("blind", t("Blind: silence there says nothing"))), h("section", {}, part("partly", t("Seen partly"))),
    h("section", {}, h("h2", {}, t("Colour of areas, posts and zones")), warned.length ? table([t("level"), t("place"), t("why")], warned.map(([id, colour]) => cell("td", [h("span", { class: `level ${colour.level}` }, shape(colour.level), named(LEVELS, colour.level)), zone(id), h("span", {}, colour.why.slice(0, 5).map((name, index) => [index ? " · " : "", h("a", { href: `#/alert/${name}` }, why(name))]), colour.why.length > 5 ? ` +${colour.why.length - 5}` : "")]))) : h("p", { class: "quiet" }, t("none")))));
  if (focused) view.querySelector(`[data-row="${CSS.escape(focused)}"] summary`)?.focus();
}

const zone = (id) => { const known = state.coast.zones.features.find((one) => one.properties.id === id); return known ? inLanguage(known.properties.zh, known.properties.en) || id : nameOf(id); };
const why = (id) => { const alert = state.alerts.get(id); return alert ? `${alert.model} ${named(MODELS, alert.model)}` : id; };

export function start() {
  let waiting = null;
  const soon = () => { waiting ||= setTimeout(() => { waiting = null; ask(); }, SOON); };
  for (const what of ["alert", "reset", "site"]) on(what, soon);
  setInterval(() => document.visibilityState === "visible" && ask(), EVERY);
  ask();
}
