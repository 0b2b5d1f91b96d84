// The frame: who is signed in, which view is open, and the keys that work everywhere.
import {help, isOpen} from "./parts/dialogs.js";
import {html, nothing, render} from "./parts/html.js";
import {trouble} from "./parts/words.js";
import * as session from "./session.js";
import {Causes} from "./views/causes.js";
import {Charts} from "./views/charts.js";
import {Log} from "./views/log.js";
import {Projections} from "./views/projections.js";
import {Stream} from "./views/stream.js";

const THEMES = ["auto", "light", "dark"];
const KEYS = [["1 … 5", "a view"], ["t", "light, dark, as the system"], ["?", "this help"], ["Esc", "close it; leave a field"]];
const place = document.getElementById("console"), root = document.documentElement;
const kept = name => localStorage.getItem(`souk.${name}`);
const keep = (name, value) => localStorage.setItem(`souk.${name}`, value);

let views = made(), view = null, why = "", entering = false, due = false;
root.dataset.theme = kept("theme") ?? "auto";
let single = kept("keys") !== "off";

function made() {
  return {log: new Log(draw), stream: new Stream(draw), causes: new Causes(draw), projections: new Projections(draw), charts: new Charts(draw)};
}

// Once for all that changed in this turn.
function draw() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    render(session.signedIn() && view ? frame() : door(), place);
    view?.drawn?.();
  });
}

function route() {
  if (!session.signedIn()) return draw();
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...parts] = path.split("/").map(decoded);
  const wanted = Object.hasOwn(views, name) ? views[name] : views.log;
  const same = wanted === view;
  view?.close();
  view = wanted;
  document.title = `${view.name} · Souk console`;
  view.open(parts, new URLSearchParams(query));
  draw();
  if (!same) scrollTo(0, 0);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function frame() {
  const who = session.person();
  return html`<header>
      <p class="brand"><strong>Souk</strong> <span class="dim">${who.tenant} · ${who.sub}</span></p>
      <div class="tools">
        <button type="button" @click=${turn} aria-label="Theme: ${root.dataset.theme}" title="Theme: ${root.dataset.theme}">${{auto: "◐", light: "☀", dark: "☾"}[root.dataset.theme]}</button>
        <button type="button" @click=${helped} aria-label="Keyboard help" title="Keyboard help">?</button>
        <button type="button" id="leave" @click=${() => session.signOut()}>Sign out</button>
      </div>
      <nav aria-label="Views"><ul>${Object.entries(views).map(([name, each], n) => html`<li>
        <a href="#/${name}" aria-current=${each === view ? "page" : nothing}>${each.name}<kbd aria-hidden="true">${n + 1}</kbd></a></li>`)}</ul></nav>
    </header>
    <main id="main" tabindex="-1">${view.body()}</main>`;
}

function door() {
  const enter = async event => {
    event.preventDefault();
    const said = new FormData(event.target);
    [entering, why] = [true, ""];
    draw();
    try {
      await session.signIn(said.get("token").trim(), said.get("purpose").trim());
      event.target.reset();
    } catch (error) {
      why = error.status === 401 ? "This token is malformed, expired or not for here." : trouble(error);
    }
    entering = false;
    route();
  };
  return html`<main class="door"><h1>Souk console</h1>
    <form class="card" @submit=${enter} autocomplete="off">
      <label for="token">Bearer token of an auditor or an admin</label>
      <input id="token" name="token" type="password" required spellcheck="false" aria-describedby="hint problem" autofocus>
      <p class="dim" id="hint"><code>souk token --role auditor</code> prints one. It stays in this tab, until you sign out or close it.</p>
      <label for="purpose">Why do you look? <span class="dim">Optional</span></label>
      <input id="purpose" name="purpose" maxlength="200" aria-describedby="recorded">
      <p class="dim" id="recorded">Every reading of the history is itself recorded, with this.</p>
      <p class="trouble" id="problem" role="alert">${why}</p>
      <button class="primary" ?disabled=${entering}>Sign in</button>
    </form></main>`;
}

session.onLeave(said => {
  why = said;
  view?.close();
  view = null;
  views = made();                                 // nothing is left of what was shown
  document.querySelectorAll("dialog").forEach(each => each.close());
  if (location.hash) history.replaceState(null, "", location.pathname);
  document.title = "Souk console";
  draw();
  queueMicrotask(() => document.getElementById("token")?.focus());
});

function turn() {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
  root.dataset.theme = next;
  keep("theme", next);
  draw();
}

function helped() {
  help([["Everywhere", KEYS], [view.name, view.keys]], single, on => {
    single = on;
    keep("keys", on ? "on" : "off");
  });
}

function pressed(event) {
  if (!view || isOpen() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.closest("input:not([type=range]):not([type=checkbox]), textarea, select");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    return;
  }
  if (!single && event.key.length === 1) return;
  if (common(event.key) || view.key(event.key)) event.preventDefault();
}

function common(key) {
  const names = Object.keys(views), place = "12345".indexOf(key);
  if (place >= 0) { location.hash = `#/${names[place]}`; return true; }
  if (key === "t") { turn(); return true; }
  if (key === "?") { helped(); return true; }
  return false;
}

addEventListener("hashchange", route);
addEventListener("keydown", pressed);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
route();
