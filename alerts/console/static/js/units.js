// Where the units are that were sent: one word for each stage, the same in the list and in the alert.
import { now } from "./state.js";
import { t } from "./words.js";

const SILENCE = 60000; // ms after which the next unit is offered

export function unitState(unit) {
  if (unit.arrived) return t("arrived");
  if (unit.enroute) return t("en route");
  if (unit.accepted) return t("accepted");
  return now() - unit.dispatched < SILENCE ? t("dispatched, not accepted yet") : t("dispatched, does not answer");
}

// Of an alert that no unit has accepted yet: how the one that was asked last stands.
export function asked(alert) {
  const open = alert.responses.filter((unit) => unit.dispatched && !unit.declined && !unit.left);
  return open.length && !alert.responses.some((unit) => unit.accepted) ? unitState(open.at(-1)) : "";
}
