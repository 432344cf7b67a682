// Red wails, orange calls twice; until acknowledged. Browsers stay mute until the page was touched once, so the state is always shown.
import { changed, on, rings, state } from "./state.js";

let context = null;
let wanted = localStorage.getItem("sound") !== "off";
let playing = null;
export const sound = () => (!wanted ? "off" : context?.state === "running" ? "on" : "blocked");

export async function enable(yes) {
  wanted = yes;
  localStorage.setItem("sound", yes ? "on" : "off");
  if (yes) {
    context ||= new AudioContext();
    await context.resume();
  }
  changed("sound");
}

function tone(from, to, at, seconds, type) {
  const [voice, volume] = [context.createOscillator(), context.createGain()];
  voice.type = type;
  voice.frequency.setValueAtTime(from, at);
  voice.frequency.linearRampToValueAtTime(to, at + seconds / 2);
  voice.frequency.linearRampToValueAtTime(from, at + seconds);
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.25, at + 0.03);
  volume.gain.setValueAtTime(0.25, at + seconds - 0.05);
  volume.gain.linearRampToValueAtTime(0, at + seconds);
  voice.connect(volume).connect(context.destination);
  voice.start(at);
  voice.stop(at + seconds);
}

export function play(level) {
  if (sound() !== "on") return;
  const at = context.currentTime;
  if (level === "red") [0, 0.9].forEach((later) => tone(560, 1180, at + later, 0.85, "sawtooth"));
  else [0, 0.35].forEach((later) => tone(740, 740, at + later, 0.25, "triangle"));
}

function loudest() {
  const levels = [...state.alerts.values()].filter(rings).map((alert) => alert.level);
  return levels.includes("red") ? "red" : levels.includes("orange") ? "orange" : null;
}

export function start() {
  let turn = 0;
  playing ||= setInterval(() => {
    const level = loudest();
    turn += 1;
    if (level === "red" || (level === "orange" && turn % 3 === 0)) play(level);
  }, 2000);
  on("alert", ({ alert, known }) => rings(alert) && !known && ["red", "orange"].includes(alert.level) && play(alert.level));
  if (wanted) enable(true).catch(() => changed("sound"));
  const touch = () => wanted && context?.state !== "running" && enable(true);
  addEventListener("pointerdown", touch);
  addEventListener("keydown", touch);
}
