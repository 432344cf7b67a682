// The page's words and times: from the server's catalogue, in the site's own time zone.
import { state } from "./state.js";

export const t = (msgid) => state.words[msgid] || msgid;
const N_ = (msgid) => msgid; // marks what is looked up later
export const LEVELS = { red: N_("red"), orange: N_("orange"), yellow: N_("yellow"), blue: N_("blue") };
export const RESPONSES = {
  new: N_("new"), acknowledged: N_("acknowledged"), dispatched: N_("accepted"), en_route: N_("en route"),
  arrived: N_("arrived"), resolved: N_("resolved"), verified: N_("verified"), over: N_("over"), active: N_("active"), superseded: N_("closed"),
};
export const MODELS = {
  M01: N_("SOS call"), M02: N_("Call-box fault"), M03: N_("Shoreline blind spot"), M04: N_("Closed-zone entry"), M05: N_("Loitering at a risk point"),
  M06: N_("Landing outside a berth"), M07: N_("Vehicles ashore at night"), M08: N_("Scenic-spot crowding"), M09: N_("Person in the water"),
  M10: N_("Tide stranding"), M11: N_("Unregistered or cloned vessel"), M12: N_("Position silence"), M13: N_("Rendezvous, transfer at sea"),
  M14: N_("Boundary, forbidden zone"), M15: N_("Unreported trip, overdue"), M16: N_("Sailing against a ban"), M17: N_("Sea state and weather"),
  SYS: N_("System"), INC: N_("Incident"),
};
export const OUTCOMES = {
  real: N_("real"), rescued: N_("rescued"), assisted: N_("assisted"), not_found: N_("not found"), authorised: N_("authorised"),
  nuisance: N_("nuisance"), false_environment: N_("false: environment"), false_object: N_("false: object"), sensor_fault: N_("sensor fault"),
  duplicate: N_("duplicate"), transferred: N_("transferred"), superseded: N_("closed"),
};
export const CHANGES = {
  raised: N_("raised"), level: N_("level up"), count: N_("again"), again: N_("again"), over: N_("over"), back: N_("back"), reopened: N_("reopened"), escalated: N_("escalated"),
  suppressed: N_("suppressed"), unsuppressed: N_("no longer suppressed"), placed: N_("placed"), ignored: N_("not carried out"), overdue: N_("deadline passed"), due: N_("deadline moved"), no_unit: N_("no unit answers"), unverified: N_("not verified in time"), superseded: N_("closed"), seen: N_("acknowledged too"),
  acknowledge: N_("acknowledged"), take: N_("take over"), transfer: N_("transfer"), dispatch: N_("dispatched"), offered: N_("offered to the next unit"), accept: N_("accepted"), decline: N_("declined"),
  enroute: N_("en route"), arrive: N_("arrived"), leave: N_("left"), resolve: N_("resolved"), verify: N_("verified"), reopen: N_("reopened"), note: N_("note"),
  escalate: N_("escalate"), shelve: N_("shelved"), unshelve: N_("no longer shelved"), merge: N_("merge"), split: N_("split"),
};
export const ROLES = {
  operator: N_("operator"), shift_leader: N_("shift leader"), clerk: N_("station clerk"), police: N_("police officer"), unit: N_("patrol unit"),
  installer: N_("installer"), chief: N_("chief"), administrator: N_("administrator"),
};
export const TYPES = {
  box: N_("call box"), light: N_("light"), camera: N_("camera"), receiver: N_("receiver"), gateway: N_("gateway"), sensor: N_("sensor"), console: N_("console"),
  patrol: N_("patrol"), boat: N_("boat"), drone: N_("drone"),
};
export const FLAGS = { clock: N_("clock of the device is wrong"), late: N_("delivered late"), unplaced: N_("place not known"), odd: N_("not as specified"), truncated: N_("cut short"), possible_damage: N_("possible damage"), drill: N_("claims to be a drill") };
export const HOWS = { shelved: N_("shelved"), silenced: N_("silenced"), work: N_("work order"), out_of_service: N_("out of service"), inhibited: N_("explained by another") };

const WHYS = [ // why the fold did not carry something out, as it says it
  N_("closed"), N_("a newer alert is open"), N_("another person must verify"), N_("asked already"), N_("cannot be merged"), N_("ends in the past"), N_("no such open incident"),
  N_("no such person"), N_("no such unit"), N_("no unit"), N_("not merged"), N_("not resolved"), N_("not shelved"), N_("open already"), N_("outcome missing"), N_("owned already"),
  N_("red is never shelved"), N_("said already"), N_("still active"), N_("was not asked"), N_("was not there"), N_("entered late"), N_("no free unit"),
];

// "verb: why; a person's own words": only what the fold says is translated.
export const why = (note) => note.split("; ").map((part) => { const text = part.replace(/^[a-z]+: /, ""); return WHYS.includes(text) ? t(text) : part; }).join("; ");

export const named = (table, key) => t(table[key] || String(key));
export const short = (level) => named(LEVELS, level).split("(")[0]; // red, without what it means
export const inLanguage = (zh, en) => (state.language === "zh" ? zh || en : en || zh) || "";
const format = (ms, options) => new Intl.DateTimeFormat(state.language === "zh" ? "zh-CN" : "en-GB", { timeZone: state.time_zone, hourCycle: "h23", ...options }).format(ms);
export const clock = (ms) => format(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const day = (ms) => format(ms, { month: "2-digit", day: "2-digit", weekday: "short" });
export const moment = (ms) => format(ms, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function span(ms) {
  const s = Math.max(0, Math.floor(Math.abs(ms) / 1000));
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  if (s < 172800) return `${Math.floor(s / 3600)}:${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
  return `${Math.floor(s / 86400)} ${t("d")}`;
}
