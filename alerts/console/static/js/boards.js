// Boats out, recalls, devices that fail; and the hand-over of a shift, in which the one who comes accepts all of it by name.
import { $, h } from "./dom.js";
import { post as tell } from "./live.js";
import { now, RANK, state } from "./state.js";
import { clock, inLanguage, MODELS, moment, named, ROLES, short, span, t, TYPES } from "./words.js";

const cell = (tag, cells) => h("tr", {}, cells.map((value) => h(tag, {}, value ?? "")));
const table = (heads, rows) => h("div", { class: "scroll-x" }, h("table", {}, h("thead", {}, cell("th", heads)), h("tbody", {}, rows)));
const words = (text) => (text ? inLanguage(text.zh, text.en) : "");
const post = (id) => { const known = state.coast.posts.find((one) => one[0] === id); return known ? inLanguage(known[3], known[4]) : id; };
const none = () => h("p", { class: "quiet" }, "–");
const level = (row) => (row.level ? h("a", { class: row.level, href: `#/alert/${row.alert}` }, short(row.level)) : "");
const same = (rows) => state.language + JSON.stringify(rows, (key, value) => (key === "late" && value !== null ? Math.floor(value / 60000) : value)); // by the minute
let told = ""; // what became of the last offer or acceptance

async function read() {
  try {
    const answer = await fetch("/api/boards");
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // the header says that the page is cut off
  }
}

function boatsTable(rows) {
  const late = (row) => (row.late === null ? "–" : h("b", { class: row.late > 0 ? "bad" : "" }, row.late > 0 ? `${t("overdue by")} ${span(row.late)}` : `${t("back in")} ${span(row.late)}`));
  return rows.length ? table([t("fishing vessel"), t("state"), t("level"), t("left harbour"), t("back at"), t("persons"), t("home"), t("ten-ship group"), t("skipper")], rows.map((row) => cell("td", [`${row.name} ${row.boat === row.name ? "" : row.boat}`, late(row), level(row), row.departed ? moment(row.departed) : t("without a report"), row.eta ? moment(row.eta) : "–", row.persons ?? "–", post(row.home), row.group, [row.skipper, row.phone].filter(Boolean).join(" ")]))) : none();
}

const recallsTable = (rows) => (rows.length ? table([t("station"), t("level"), t("back by"), t("still out"), t("boats")], rows.map((row) => cell("td", [inLanguage(row.station_zh, row.station_en), level(row), row.deadline ? moment(row.deadline) : "–", row.out, (row.boats || []).join(" ")]))) : none());

const faultyTable = (rows) => (rows.length ? table([t("place"), t("type"), t("name"), t("level"), t("what"), t("since"), t("Work order")], rows.map((row) => cell("td", [h("a", { href: `#/device/${row.device}` }, row.place || row.device), named(TYPES, row.type), inLanguage(row.zh, row.en) || row.device, level(row), row.in_service ? words(row.text) : t("out of service"), row.since ? moment(row.since) : "", row.work ? `${state.people[row.work.by] || row.work.by} → ${row.work.until ? clock(row.work.until) : ""}` : ""]))) : none());

const alertsTable = (rows) => (rows.length ? table([t("level"), t("what"), t("place"), t("owner"), t("age")], rows.map((one) => cell("td", [h("a", { class: one.level, href: `#/alert/${one.id}` }, short(one.level)), `${one.drill ? t("【Drill】") : ""}${one.model} ${named(MODELS, one.model)} · ${words(one.text)}`, one.place || one.segment || one.subject, state.people[one.owner] || one.owner || "–", span(now() - one.raised)]))) : none());

const title = (text, rows) => h("h2", {}, `${text} `, h("b", {}, `${rows.length}`));

// What a person types or is about to press stays: only the parts that changed are laid down anew.
function lay(parts) {
  const view = $("view");
  if (view.firstChild?.dataset?.board !== parts[0]) view.replaceChildren(h("div", { "data-board": parts[0], class: "board" }, parts.slice(1).map(() => h("section", {}))));
  parts.slice(1).forEach(([mark, draw], index) => {
    const place = view.firstChild.children[index];
    if (place.dataset.mark === mark) return;
    place.dataset.mark = mark;
    place.replaceChildren(...[draw()].flat());
  });
}

export async function boards() {
  const found = await read();
  if (!found || location.hash !== "#/boards") return;
  const overdue = found.boats.filter((row) => row.late > 0 || row.level);
  const others = found.boats.filter((row) => !overdue.includes(row));
  const part = (text, rows, draw) => [same(rows), () => [title(text, rows), draw(rows)]];
  lay(["boards", [state.language, () => h("h1", {}, t("Boats out"))], part(t("Overdue, or told by M15"), overdue, boatsTable), part(t("Recalled and still out"), found.recalls, recallsTable), part(t("Out, and expected back"), others, boatsTable)]);
}

const seatOf = (key) => key.slice("shift/".length);
const offerTo = (id) => Object.entries(state.duty).find(([key, row]) => key.startsWith("shift/") && row.do === "offer" && row.to === id);

async function send(body) {
  const answer = await tell("shift", body);
  told = answer.ok ? "" : t(answer.why);
  if (!answer.ok) handover();
}

function ask() {
  const mine = state.duty[`shift/${state.me.seat || state.me.post}`];
  const offer = offerTo(state.me.id);
  const refusal = told ? h("p", { class: "told refused", role: "alert" }, told) : null;
  if (offer) return [h("p", { class: "big" }, `${state.people[offer[1].by] || offer[1].by} ${t("hands over the seat")} ${seatOf(offer[0])} ${t("to you. Read what follows, then accept by name.")}`), h("button", { id: "accept", class: "primary", onclick: () => send({ do: "accept", seat: seatOf(offer[0]) }) }, `${t("I take over:")} ${state.me.name}`), refusal].filter(Boolean);
  if (!mine || mine.by !== state.me.id || mine.do === "off") return [h("p", { class: "quiet" }, mine && mine.do !== "off" ? `${t("on duty")}: ${state.people[mine.by] || mine.by}` : t("You are not on duty: there is nothing to hand over. Start your shift first.")), refusal].filter(Boolean);
  const waiting = mine.do === "offer" ? h("p", { class: "big", role: "status" }, `${t("Offered to")} ${state.people[mine.to] || mine.to}. ${t("You stay on duty until it is accepted.")}`) : null;
  const form = h("form", { class: "offer", onsubmit: (event) => { event.preventDefault(); send({ do: "offer", to: new FormData(event.target).get("to") }); } },
    h("label", {}, h("span", {}, t("to")), h("select", { id: "offer-to", name: "to", required: true }, h("option", { value: "" }, "—"), Object.entries(state.desks || {}).filter(([id]) => id !== state.me.id).map(([id, [name, role]]) => h("option", { value: id }, `${name} · ${named(ROLES, role)}`)))),
    h("button", { class: "primary" }, mine.do === "offer" ? t("Offer to another") : t("Offer the shift")));
  return [waiting, form, refusal].filter(Boolean);
}

export async function handover() {
  const found = await read();
  if (!found || location.hash !== "#/handover") return;
  const offer = offerTo(state.me.id);
  const giver = offer ? offer[1].by : state.me.id;
  const open = [...state.alerts.values()].filter((one) => one.open).sort((a, b) => RANK[b.level] - RANK[a.level] || a.raised - b.raised);
  const theirs = open.filter((one) => !one.suppressed && (one.owner === giver || !one.owner));
  const shelves = open.filter((one) => one.suppressed?.how === "shelved" && one.suppressed.by === giver);
  const shift = JSON.stringify([state.language, told, Object.entries(state.duty).filter(([key]) => key.startsWith("shift/"))]);
  const part = (text, rows, draw, mark) => [same(mark || rows), () => [title(text, rows), draw(rows)]];
  const shelvesTable = (rows) => (rows.length ? table([t("level"), t("what"), t("place"), t("until"), t("why")], rows.map((one) => cell("td", [h("a", { class: one.level, href: `#/alert/${one.id}` }, short(one.level)), `${one.model} ${named(MODELS, one.model)}`, one.place || one.segment || one.subject, one.suppressed.until ? clock(one.suppressed.until) : "–", one.suppressed.reason || ""]))) : none());
  lay(["handover", [shift, () => [h("h1", {}, t("Hand-over")), ...ask()]], part(t("Open alerts"), theirs, alertsTable, theirs.map((one) => [one.id, one.revision, Math.floor((now() - one.raised) / 60000)])), part(t("Shelves"), shelves, shelvesTable, shelves.map((one) => [one.id, one.revision])), part(t("Faulty devices"), found.faulty, faultyTable), part(t("Boats out"), found.boats, boatsTable)]);
}
