// One aggregate through its versions: its state at each, and what changed between two of them.
import {html, live, nothing} from "../parts/html.js";
import {rove} from "../parts/rove.js";
import {differences, tree} from "../parts/values.js";
import {causesOf, number, streamAt, tagged, trouble, when} from "../parts/words.js";
import {ask, gone} from "../session.js";

const SETTLE = 150, PAGE = 100;                   // milliseconds that the slider rests; versions listed at once

// A version as an address has it, which may say anything.
const within = (text, newest, otherwise) =>
  /^[0-9]{1,15}$/.test(text ?? "") ? Math.min(Number(text), newest) : otherwise;

export class Stream {
  name = "Stream";
  keys = [["[ ]", "a version back, on"], ["m", "compare with this version"], ["u", "compare with the one before"],
    ["j k", "next, previous in the list"], ["/", "to the stream"]];

  constructor(draw) {
    this.draw = draw;
    this.clear();
  }

  clear() {
    this.newest = this.error = this.state = this.changes = this.pair = null;
    this.at = this.from = null;                   // versions; from null: the one before
    this.entries = new Map();                     // by version
    this.states = new Map();
    this.diffs = new Map();
    this.older = null;
  }

  open([context = "", id = ""], query) {
    this.abort?.abort();
    this.abort = new AbortController();
    if (context !== this.context || id !== this.id) this.clear();
    [this.context, this.id] = [context, id];
    if (context && id) this.begin(query);
  }

  close() {
    clearTimeout(this.timer);
    this.abort.abort();
    this.context = null;
  }

  get path() { return `audit/streams/${encodeURIComponent(this.context)}/${encodeURIComponent(this.id)}`; }

  async reading(work) {
    try {
      await work();
      this.error = null;
    } catch (error) {
      if (gone(error)) return;
      this.error = error;
    }
    this.draw();
  }

  begin(query) {
    return this.reading(async () => {
      const signal = this.abort.signal;
      const [now] = await Promise.all([ask(this.path, {signal}), this.list(signal)]);
      this.newest = now.version;
      this.states.set(now.version, now);
      this.from = within(query.get("from"), now.version, null);
      await this.show(within(query.get("at"), now.version, now.version));
    });
  }

  async list(signal, query = {}) {
    const stream = `${this.context}/${this.id}`;
    const told = await ask("audit/events", {query: {stream, limit: PAGE, ...query}, signal});
    for (const entry of told.items) this.entries.set(entry.version, entry);
    this.older = told.next;
  }

  // Whether what is shown is of another version than the slider is at.
  get stale() { return this.pair !== `${this.base}..${this.at}`; }

  get base() { return this.from ?? Math.max(0, this.at - 1); }

  async show(version) {
    this.at = version;
    const query = new URLSearchParams({at: version, ...(this.from !== null && {from: this.from})});
    history.replaceState(null, "", `${streamAt(this.context, this.id)}?${query}`);
    const signal = this.abort.signal, base = this.base, pair = `${base}..${version}`;
    const known = this.entries.get(version)?.changes;
    if (!this.diffs.has(pair) && base === version - 1 && known) this.diffs.set(pair, known);
    const [state, diff] = await Promise.all([
      this.states.get(version) ?? ask(this.path, {query: {at: `version:${version}`}, signal}),
      this.diffs.get(pair) ?? (base === version ? [] : ask(`${this.path}/diff`, {query: {from: `version:${base}`, to: `version:${version}`}, signal}).then(told => told.changes)),
    ]);
    this.states.set(version, state);
    this.diffs.set(pair, diff);
    if (this.at === version && this.base === base) [this.state, this.changes, this.pair] = [state, diff, pair];
  }

  // At once where one is known, and asked for when the slider rests.
  slide(version) {
    this.at = Math.max(0, Math.min(this.newest, version));
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reading(() => this.show(this.at)), this.states.has(this.at) ? 0 : SETTLE);
  }

  compare(from) {
    this.from = from;
    this.slide(this.at);
  }

  asOf(event) {
    event.preventDefault();
    const text = new FormData(event.target).get("time");
    return this.reading(async () => {
      const at = new Date(`${text}Z`).toISOString();
      const then = await ask(this.path, {query: {at}, signal: this.abort.signal});
      this.states.set(then.version, then);
      if (then.version > this.newest) {             // it has grown since it was opened
        this.newest = then.version;
        await this.list(this.abort.signal);
      }
      await this.show(then.version);
    });
  }

  body() {
    const go = event => {
      event.preventDefault();
      const text = new FormData(event.target).get("stream").trim();
      const place = text.indexOf("/");
      location.hash = place > 0 ? streamAt(text.slice(0, place), text.slice(place + 1)) : `#/stream/${text}`;
    };
    return html`<h1 class="hidden">Stream</h1>
      <form class="inline wide" @submit=${go} autocomplete="off"><label>Stream
        <input name="stream" required placeholder="orders/018f2f0e-…" pattern=".+/.+" title="context/id" spellcheck="false" data-first
          .value=${this.context ? `${this.context}/${this.id}` : ""}></label><button class="primary">Show</button></form>
      ${this.error ? html`<p class="trouble" role="alert">${this.said(this.error)}</p>` : nothing}
      ${this.newest !== null ? this.shown() : this.context && !this.error ? html`<p class="dim">Reading…</p>`
        : this.context ? nothing : html`<p class="empty">A stream is written context/id. Every event in the log leads to its own.</p>`}`;
  }

  said(error) {
    if (error.code === "audit.beyond_the_log") return "That is still to come.";
    return error.status === 404 ? "There is no such stream, or it cannot be folded." : trouble(error);
  }

  shown() {
    const entry = this.entries.get(this.at), told = entry ?? (this.at === this.state?.version ? this.state : null);
    const words = this.at === 0 ? "before its first event" : entry ? `${entry.tag}, ${when(entry.recorded_at)}` : told ? when(told.recorded_at) : "";
    return html`<section class="slider" aria-label="Version">
        <div class="bar"><h2 class="title">Version ${number(this.at)} <span class="dim">of ${number(this.newest)}</span></h2>
          <div class="actions">
            <button type="button" ?disabled=${this.at === 0} @click=${() => this.slide(this.at - 1)} aria-label="A version back">‹</button>
            <button type="button" ?disabled=${this.at === this.newest} @click=${() => this.slide(this.at + 1)} aria-label="A version on">›</button>
          </div></div>
        <input type="range" min="0" max=${this.newest} .value=${live(String(this.at))} aria-label="Version"
          aria-valuetext=${`version ${this.at} of ${this.newest}: ${words}`} @input=${event => this.slide(Number(event.target.value))}>
        <p class="about">${entry ? html`${tagged(entry)} <span>by ${entry.actor}</span>` : nothing}
          ${told?.position ? html`<a class="mono" href=${causesOf(told.position)}>${told.position}</a>` : nothing}
          <span class="dim">${this.at === 0 ? words : when(told?.recorded_at)}</span></p>
        <form class="inline" @submit=${event => this.asOf(event)}><label>As of (UTC)
          <input type="datetime-local" name="time" step="1" max="9999-12-31T23:59:59" required></label><button>Go there</button></form>
      </section>
      <div class="columns" aria-busy=${this.stale ? "true" : "false"}>
        <section aria-label="State"><h2>State</h2>${this.state ? tree(this.state.state, this.changes ?? []) : html`<p class="dim">Reading…</p>`}</section>
        <section aria-label="Difference">
          <div class="bar"><h2>Since version ${number(this.base)}</h2>
            ${this.from === null
              ? html`<button type="button" @click=${() => this.compare(this.at)}>Compare with ${number(this.at)}</button>`
              : html`<button type="button" @click=${() => this.compare(null)}>Compare with the one before</button>`}</div>
          ${this.changes ? differences(this.changes) : html`<p class="dim">Reading…</p>`}
          <h2>Versions</h2>
          <ol class="versions">${[...this.entries.values()].sort((a, b) => b.version - a.version).map(each => html`<li data-item>
            <button type="button" class="version" aria-current=${each.version === this.at ? "true" : nothing} @click=${() => this.slide(each.version)}>
              <span class="mono">${each.version}</span> ${tagged(each)} <time class="dim" datetime=${each.recorded_at}>${when(each.recorded_at)}</time></button></li>`)}</ol>
          ${this.older === null ? nothing : html`<button type="button" @click=${() => this.reading(() => this.list(this.abort.signal, {cursor: this.older}))}>Earlier versions</button>`}
        </section>
      </div>`;
  }

  key(key) {
    if (key === "/") { document.querySelector("[data-first]").focus(); return true; }
    if (this.newest === null) return false;
    switch (key) {
      case "[": this.slide(this.at - 1); return true;
      case "]": this.slide(this.at + 1); return true;
      case "m": this.compare(this.at); return true;
      case "u": this.compare(null); return true;
      case "j": return rove(".versions .version", 1);
      case "k": return rove(".versions .version", -1);
      default: return false;
    }
  }
}
