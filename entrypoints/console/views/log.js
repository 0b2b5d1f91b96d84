// The log as it grows, the newest on top; narrowed by what stands above it.
import {html, nothing, repeat} from "../parts/html.js";
import {rove} from "../parts/rove.js";
import {differences, origin, tree} from "../parts/values.js";
import {age, apart, causesOf, clock, number, some, streamAt, streamLink, tagged, trouble, when} from "../parts/words.js";
import {ask, gone} from "../session.js";
import {Tail} from "../tail.js";

const MOST = 500, PAGE = 50;                      // entries kept on the page; asked for at once
const TURNS = 10;                                 // pages asked for until there is one to be seen
const FIELDS = [["context", "Context", "orders"], ["tag", "Tag", "orders.order_placed"], ["actor", "Actor", "who did it"],
  ["stream", "Stream", "orders/…"], ["q", "Text", "in the data"]];

export class Log {
  name = "Log";
  keys = [["j k", "next, previous event"], ["Enter", "open or close it"], ["c", "its causes and effects"],
    ["s", "its stream at that version"], ["p", "pause, go on"], ["/", "to the filter"]];

  constructor(draw) {
    this.draw = draw;
    this.tail = new Tail((told, since) => this.heard(told, since), draw);
    this.items = [];                              // entries, and gaps {gap: true, from, before, position}
    this.open_ = new Map();                       // by position: what is known of an opened one
    this.filter = {};
    this.note = "";
    this.over = false;                            // there is nothing earlier
    this.before = this.back = undefined;          // the position, and the time, back to which it was looked through
    this.readings = this.hidden = false;          // show them too: looking around makes many; some were left out
  }

  open(_, query) {
    this.abort = new AbortController();
    const filter = Object.fromEntries(FIELDS.map(([name]) => [name, query.get(name) ?? ""]));
    this.begin(filter);
  }

  close() {
    this.abort.abort();
    this.tail.stop();
  }

  begin(filter) {
    this.filter = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
    this.items = [];
    this.open_.clear();
    [this.note, this.over, this.hidden, this.before, this.back] = ["", false, false, undefined, undefined];
    this.tail.start(this.filter);
  }

  // Those that were left out are not here: they are asked for.
  show(readings) {
    this.readings = readings;
    if (readings) this.begin(this.filter);
    else this.items = this.seen(this.items);
    this.draw();
  }

  heard(told, since) {
    const fresh = told.items.toReversed();
    const gap = told.complete ? [] : [{gap: true, from: since + 1, before: fresh.at(-1)?.position ?? told.position + 1}];
    this.items = [...this.seen(fresh), ...gap.map(each => ({...each, position: each.before - 0.5})), ...this.items];
    if (this.before === undefined) {
      [this.before, this.back, this.over] = [fresh.at(-1)?.position, fresh.at(-1)?.recorded_at, !fresh.length];
      if (!this.items.length) this.earlier();
    }
    this.cut();
    this.draw();
  }

  // What goes at the end is to be asked for again.
  cut() {
    if (this.items.length <= MOST) return;
    this.items = this.items.slice(0, MOST);
    const last = this.items.findLast(each => !each.gap);
    [this.before, this.back, this.over] = [last.position, last.recorded_at, false];
    this.items = this.items.slice(0, this.items.indexOf(last) + 1);
  }

  // Who asks for one person's asks for what that person read.
  get aboutReadings() {
    const {actor, context, tag, stream} = this.filter;
    return actor !== undefined || [context, tag, stream].some(each => each?.startsWith("audit"));
  }

  seen(entries) {
    const found = this.readings || this.aboutReadings ? entries : entries.filter(each => each.context !== "audit");
    this.hidden ||= found.length < entries.length;
    return found;
  }

  get narrowed() { return Object.keys(this.filter).length > 0; }

  body() {
    return html`<h1 class="hidden">Log</h1>
      ${this.form()}
      <div class="bar">
        <p role="status" class="state" data-is=${this.tail.state}>${this.words()}</p>
        <div class="actions">${this.aboutReadings ? nothing : html`<label class="check"><input type="checkbox" .checked=${this.readings}
          @change=${event => this.show(event.target.checked)}>Readings of the history too</label>`}
        <button type="button" @click=${() => this.toggle()} ?disabled=${this.tail.state === "refused"}>
          ${this.tail.state === "paused" ? "Go on" : "Pause"}</button></div>
      </div>
      ${this.tail.trouble ? html`<p class="trouble" role="alert">${trouble(this.tail.trouble)}</p>` : nothing}
      <ol class="entries" aria-label="Events, newest first">${repeat(this.items, each => each.position, each => each.gap ? this.gap(each) : this.row(each))}</ol>
      ${this.end()}`;
  }

  words() {
    switch (this.tail.state) {
      case "live": return `Live, at ${this.tail.position}`;
      case "paused": return `Paused at ${this.tail.position}`;
      case "waiting": return this.tail.trouble ? "Cut off: trying again" : "Reading…";
      case "refused": return "Refused";
      default: return "Stopped";
    }
  }

  form() {
    const set = event => {
      event.preventDefault();
      const query = new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value.trim()));
      location.hash = query.size ? `#/log?${query}` : "#/log";
    };
    return html`<details class="filters" ?open=${this.narrowed || innerWidth > 700}>
      <summary>Filter${this.narrowed ? html` <span class="dim">${Object.values(this.filter).map(apart).join(", ")}</span>` : nothing}</summary>
      <form @submit=${set} autocomplete="off" role="search">
        ${FIELDS.map(([name, label, hint], place) => html`<label>${label}
          <input name=${name} placeholder=${hint} maxlength="200" spellcheck="false" data-first=${place === 0 ? "" : nothing}
            list=${name === "context" ? "contexts" : nothing} .value=${this.filter[name] ?? ""}></label>`)}
        <div class="actions"><button class="primary">Show</button>
        ${this.narrowed ? html`<a class="button" href="#/log">Clear</a>` : nothing}</div>
        <datalist id="contexts">${[...new Set(this.items.filter(each => !each.gap).map(each => each.context))].map(each => html`<option>${each}</option>`)}</datalist>
      </form></details>`;
  }

  row(entry) {
    const opened = this.open_.get(entry.position);
    return html`<li data-item data-position=${entry.position}>
      <button type="button" class="row" aria-expanded=${opened ? "true" : "false"} @click=${() => this.flip(entry)}>
        <span class="mono position">${entry.position}</span>
        <time class="mono" datetime=${entry.recorded_at} title=${when(entry.recorded_at)}>${clock(entry.recorded_at).slice(0, 8)}<span>${clock(entry.recorded_at).slice(8)}</span></time>
        ${tagged(entry)}
        <span class="mono id">${entry.id}</span>
        <span class="actor">${entry.actor}</span>
      </button>
      ${opened ? this.detail(entry, opened) : nothing}</li>`;
  }

  detail(entry, opened) {
    const late = (Date.parse(entry.recorded_at) - Date.parse(entry.occurred_at)) / 1000;
    return html`<div class="detail">
      <dl class="facts">
        <div><dt>Stream</dt><dd>${streamLink(entry)}</dd></div>
        <div><dt>Recorded</dt><dd>${when(entry.recorded_at)}</dd></div>
        <div><dt>Occurred</dt><dd>${late < 1 ? "just then" : html`${when(entry.occurred_at)} <span class="dim">(${age(late)} earlier)</span>`}</dd></div>
        <div><dt>Who</dt><dd><a href=${`#/log?actor=${encodeURIComponent(entry.actor)}`}>${entry.actor}</a></dd></div>
        <div><dt>From</dt><dd>${origin(entry)}</dd></div>
        <div><dt>Why</dt><dd><a href=${causesOf(entry.position)}>causes and effects</a></dd></div>
      </dl>
      <h2>Data</h2>${tree(entry.data)}
      <h2>What it changed</h2>
      ${opened.error ? html`<p class="trouble">${trouble(opened.error)}</p>`
        : opened.known ? differences(opened.changes) : html`<p class="dim">Reading…</p>`}
    </div>`;
  }

  gap(each) {
    return html`<li class="gap"><p>Between ${number(each.from)} and ${number(each.before)} not everything is shown.</p>
      <button type="button" @click=${() => this.fill(each)}>Show it</button></li>`;
  }

  end() {
    if (!this.items.length && this.over) {
      const why = this.hidden ? "Nothing but readings of the history so far." : this.narrowed ? "Nothing like that so far." : "The log is empty.";
      return this.tail.state === "live" ? html`<p class="empty">${why}</p>` : nothing;
    }
    if (this.back === undefined) return nothing;
    const count = this.items.filter(each => !each.gap).length;
    return html`<div class="bar end"><p class="dim">${some(count, "event")}, back to ${when(this.back)} UTC${this.note ? html`. <span role="alert">${this.note}</span>` : nothing}</p>
      ${this.over || this.items.length >= MOST ? nothing : html`<button type="button" @click=${() => this.earlier()}>Earlier</button>`}</div>`;
  }

  // Only what is opened is asked for: it is recorded that it was looked at.
  async flip(entry) {
    if (this.open_.delete(entry.position)) return this.draw();
    const opened = {known: false};
    this.open_.set(entry.position, opened);
    this.draw();
    try {
      const found = await ask(`audit/events/${entry.position}`, {signal: this.abort.signal});
      Object.assign(opened, {known: true, changes: found.entry.changes});
    } catch (error) {
      if (gone(error)) return;
      opened.error = error;
    }
    this.draw();
  }

  async page(query) {
    const told = await ask("audit/events", {query: {...this.filter, ...query, changes: "false"}, signal: this.abort.signal});
    return {items: told.items, next: told.next === null ? null : Number(told.next)};
  }

  async quietly(work) {
    try {
      await work();
      this.note = "";
    } catch (error) {
      if (gone(error)) return;
      this.note = trouble(error);
    }
    this.draw();
  }

  // Until there is one more to see.
  earlier() {
    return this.quietly(async () => {
      const before = this.items.length;
      for (let turn = 0; turn < TURNS && !this.over && this.items.length === before; turn++) await this.further();
    });
  }

  async further() {
    const {before, filter} = this;
    const {items, next} = await this.page({cursor: before, limit: PAGE});
    // Asked for twice (the last page moves `before` no further), cut, or begun anew.
    if (this.over || this.before !== before || this.filter !== filter) return;
    this.items = [...this.items, ...this.seen(items)];
    [this.before, this.back, this.over] = [next ?? before, items.at(-1)?.recorded_at ?? this.back, next === null];
    this.cut();
  }

  fill(gap) {
    return this.quietly(async () => {
      const {items, next} = await this.page({position_from: gap.from, position_before: gap.before, limit: PAGE});
      const rest = next === null ? [] : [{...gap, before: next, position: next - 0.5}];
      this.items = this.items.flatMap(each => each === gap ? [...this.seen(items), ...rest] : [each]);
    });
  }

  toggle() { this.tail.state === "paused" ? this.tail.resume() : this.tail.pause(); }

  key(key) {
    const at = document.activeElement?.closest("[data-position]")?.dataset.position;
    const entry = at && this.items.find(each => each.position === Number(at));
    switch (key) {
      case "j": return rove(".entries .row", 1);
      case "k": return rove(".entries .row", -1);
      case "p": this.toggle(); return true;
      case "/": {
        document.querySelector(".filters").open = true;
        document.querySelector("[data-first]").focus();
        return true;
      }
      case "c": if (entry) location.hash = causesOf(entry.position); return Boolean(entry);
      case "s": if (entry) location.hash = streamAt(entry.context, entry.id, entry.version); return Boolean(entry);
      default: return false;
    }
  }
}
