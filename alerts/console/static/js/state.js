// What the page knows, and who wants to hear when it changes. Filled by `live.js`.
export const state = { words: {}, language: "zh", time_zone: "UTC", me: {}, people: {}, alerts: new Map(), devices: {}, vessels: {}, duty: {}, chain: null, coast: null, selected: null, skew: 0, heard: 0, connected: false, filter: { area: "", place: "" }, present: 0 };
const listeners = new Map();
export const on = (what, listener) => listeners.set(what, [...(listeners.get(what) || []), listener]);
export const changed = (what, body) => (listeners.get(what) || []).forEach((listener) => listener(body));
export const now = () => Date.now() + state.skew; // by the server's clock: the wall's own may be wrong
export const RANK = { red: 4, orange: 3, yellow: 2, blue: 1 };
export const SILENT = 300000; // ms without a word after which a device is drawn as silent; ours, ten heartbeats
export const silent = (id) => { const [heard, status] = state.devices[id] || [0, ""]; return status === "offline" || now() - heard > SILENT; };
export const rings = (alert) => alert.open && alert.response === "new" && !alert.suppressed;
