// JSON documents: as a tree in which what changed stands out, and differences side by side.
import {html, nothing} from "./html.js";
import {apart, said} from "./words.js";

// What tells the things of a list apart, and how paths are spelt: as the API spells them.
const NAMES = ["id", "product", "seller", "sku", "material", "name", "user"];
const WORD = /^[A-Za-z_]\w*$/;

const field = (name, path) => WORD.test(name) ? (path ? `${path}.${name}` : name) : `${path}[${JSON.stringify(name)}]`;

function toldApart(list) {
  if (!list.every(each => each && typeof each === "object" && !Array.isArray(each))) return null;
  return NAMES.find(name => list.every(each => typeof each[name] === "string")
    && new Set(list.map(each => each[name])).size === list.length) ?? null;
}

// The parts of a value with their names and paths; null: it is a leaf.
export function partsOf(value, path = "") {
  if (Array.isArray(value)) {
    if (!value.some(each => each && typeof each === "object")) return null;
    const by = toldApart(value);
    return value.map((each, place) => by === null
      ? [place, each, `${path}[${place}]`]
      : [each[by], each, `${path}[${by}=${JSON.stringify(each[by])}]`]);
  }
  if (!value || typeof value !== "object" || !Object.keys(value).length) return null;
  return Object.entries(value).map(([name, each]) => [name, each, field(name, path)]);
}

const within = (paths, path) => paths.some(each => each === path || each.startsWith(`${path}.`) || each.startsWith(`${path}[`));

export function tree(value, changes = []) {
  const parts = partsOf(value);
  if (parts === null) return html`<p class="mono">${value === undefined ? "nothing" : said(value)}</p>`;
  return html`<ul class="tree">${parts.map(part => branch(part, changes.map(each => each.path)))}</ul>`;
}

// What stands for a personal text that nobody can read any more.
const lost = value => value && typeof value === "object" && Object.keys(value).length === 1
  && (value.erased === true ? "erased" : value.damaged === true ? "damaged" : null);

function branch([name, value, path], changed) {
  if (lost(value)) return html`<li class="leaf"><span class="name">${name}</span> <em class="wait">${lost(value)}</em></li>`;
  const parts = partsOf(value, path), hot = within(changed, path);
  if (parts === null) {
    return html`<li class=${hot ? "leaf changed" : "leaf"}><span class="name">${name}</span>
      <span class="value ${kindOf(value)}">${said(value)}</span>${hot ? html`<span class="mark" aria-label="changed"></span>` : nothing}</li>`;
  }
  const size = Array.isArray(value) ? `${parts.length}` : "";
  return html`<li><details open><summary class=${hot ? "changed" : ""}><span class="name">${name}</span>
    <span class="dim">${size}</span></summary><ul>${parts.map(each => branch(each, changed))}</ul></details></li>`;
}

const kindOf = value => value === null ? "null" : Array.isArray(value) ? "list" : typeof value;

export function differences(changes) {
  if (!changes) return html`<p class="dim">What it changed cannot be told.</p>`;
  if (!changes.length) return html`<p class="dim">Nothing changed.</p>`;
  return html`<table class="changes">
    <thead><tr><th scope="col">Field</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
    <tbody>${changes.map(each => html`<tr>
      <th scope="row" class="mono">${each.path || "all of it"}</th>
      <td class="mono">${"old" in each ? html`<del>${said(each.old)}</del>` : html`<span class="dim">none</span>`}</td>
      <td class="mono">${"new" in each ? html`<ins>${said(each.new)}</ins>` : html`<span class="dim">none</span>`}</td>
    </tr>`)}</tbody></table>`;
}

export function origin(entry) {
  const from = entry.origin;
  if (!from) return "not known";
  if (from.erased) return `${from.channel}; the rest is erased`;
  return [from.channel, from.ip, from.agent].filter(Boolean).map(apart).join(" · ");
}
