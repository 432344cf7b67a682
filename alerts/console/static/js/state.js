// What the page knows, and who wants to hear when it changes. Filled by `live.js`.
export const state = { words: {}, language: "zh", time_zone: "UTC", me: {}, people: {}, alerts: new Map(), devices: {}, vessels: {}, duty: {}, chain: null, coast: null, selected: null, skew: 0, heard: 0, connected: false };
const listeners = new Map();
export const on = (what, listener) => listeners.set(what, [...(listeners.get(what) || []), listener]);
export const changed = (what, body) => (listeners.get(what) || []).forEach((listener) => listener(body));
export const now = () => Date.now() + state.skew; // by the server's clock: the wall's own may be wrong
export const RANK = { red: 4, orange: 3, yellow: 2, blue: 1 };
export const rings = (alert) => alert.open && alert.response === "new" && !alert.suppressed;
