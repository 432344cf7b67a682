// Why an alert is, in an operator's words: each value that a model gives, with its name and unit.
import { inLanguage, t } from "./words.js";
import { state } from "./state.js";

const N_ = (msgid) => msgid;
const CHANNELS = { button: N_("button"), voice: N_("voice") };
const seconds = (value) => (value < 120 ? `${value} ${t("s")}` : value < 7200 ? `${Math.round(value / 60)} ${t("min")}` : `${(value / 3600).toFixed(1)} ${t("h")}`);
const percent = (value) => `${Math.round(value * 100)} %`;

// Each answers with words, or with nothing where the value says nothing to a person.
const SAYS = {
  channel: (value) => (CHANNELS[value] ? t(CHANNELS[value]) : value),
  hold: (value) => `${t("held for")} ${value} ${t("s")}`,
  presses: (value) => (value > 1 ? `${t("presses within 24 h:")} ${value}` : t("first press within 24 h")),
  age: (value) => (value > 60 ? `${t("pressed before it arrived:")} ${seconds(value)}` : null),
  seconds: (value) => `${t("not heard for")} ${seconds(value)}`,
  minutes: (value) => `${t("not heard for")} ${seconds(value * 60)}`,
  battery: (value) => `${t("battery")} ${percent(value)}`,
  tilt: (value) => `${t("tilt")} ${value}°`,
  restarts: (value) => `${t("restarts")}: ${value}`,
  loop: (value) => `${t("self-test failed:")} ${value}`,
  devices: (value) => `${t("devices concerned:")} ${value}`,
  first: (value) => [value].flat().slice(0, 6).join(" "),
  feeder: (value) => (value ? `${t("feeder")} ${value}` : null),
  neighbours: () => null,
  neighbours_heard: (value, all) => `${t("vessels nearby still heard:")} ${value}/${all.neighbours ?? "?"}`,
  receiver: (value) => `${t("receiver")} ${value}`,
  name: (value) => value,
  sog: (value) => `${value} kn`,
  source: (value) => String(value).toUpperCase(),
  heard_by: (value) => `${t("heard by")} ${value}`,
  type: () => null,
};

export function reason(alert) {
  const { values } = alert.reason;
  return Object.entries(values).filter(([, value]) => value !== null && value !== "" && typeof value !== "boolean").map(([name, value]) => (SAYS[name] ? SAYS[name](value, values) : `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)).filter(Boolean).join(" · ") || alert.reason.code;
}

// Evidence names devices and pictures: a device by its place, the rest as it is.
export const evidence = (alert) => alert.evidence.map((one) => { const device = state.coast.devices.find(([id]) => id === one); return device ? [device[3] || one, inLanguage(device[4], device[5])].filter(Boolean).join(" ") : one; }).join(" · ");
