// The console: read what stands, draw it, listen.
import * as detail from "./detail.js";
import * as header from "./header.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as live from "./live.js";
import * as map from "./map.js";
import * as sound from "./sound.js";
import { changed, on, state } from "./state.js";
import * as views from "./views.js";
import * as watch from "./watch.js";

function route() {
  const [name = "", id = ""] = decodeURIComponent(location.hash.slice(2)).split("/");
  const selected = name === "alert" ? id : null;
  views.show(name, id);
  if (selected !== state.selected) {
    state.selected = selected;
    changed("select");
  }
}

if (new URLSearchParams(location.search).get("wall") === "1") document.body.classList.add("wall");
await live.load();
state.connected = true;
for (const part of [header, list, detail, views, keys, sound, watch]) part.start();
addEventListener("hashchange", route);
on("reset", route);
route();
live.listen();
live.start();
document.body.dataset.live = "yes";
map.start();
