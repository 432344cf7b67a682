// Elements from code, text only as text: what a vessel calls itself can never become markup.
export function h(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && !name.includes("-") && name !== "list" && name !== "role") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SHAPES = { red: "M10 1.500 19 18H1z", orange: "M10 1l9 9-9 9-9-9z", yellow: "M2.500 2.500h15v15h-15z", blue: "M10 1.500a8.500 8.500 0 1 0 .01 0z" };

// A level is a shape as well as a colour: for the colour-blind, and for a grey print.
export function shape(level) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `shape ${level}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", SHAPES[level] || SHAPES.blue);
  svg.append(path);
  return svg;
}

export const $ = (id) => document.getElementById(id);

// A finger that is down keeps its button: what would be drawn anew waits until it is up, so that no press is lost.
let down = false;
const waiting = new Set();
addEventListener("pointerdown", () => { down = true; }, true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => { down = false; for (const draw of waiting) draw(); waiting.clear(); }, 60), true);
export const calmly = (draw) => () => (down ? waiting.add(draw) : draw());

// A word to whoever pressed a key that does nothing here; gone after some seconds.
let fading;
export function hint(text) {
  clearTimeout(fading);
  const place = $("hint");
  place.textContent = text;
  place.hidden = false;
  fading = setTimeout(() => { place.hidden = true; }, 5000);
}
