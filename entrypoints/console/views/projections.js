// How far each projection is behind the log, and what could not be folded; an operator tries again.
import {html, nothing} from "../parts/html.js";
import {confirmed} from "../parts/dialogs.js";
import {rove} from "../parts/rove.js";
import {age, causesOf, number, some, streamAt, short, trouble, when} from "../parts/words.js";
import {ask, gone, may} from "../session.js";

const PAUSE = 2000;                               // milliseconds between looks
const RETRY = "projections:retry";
const PATHS = {projection: "projections", policy: "policies"};

export class Projections {
  name = "Projections";
  keys = [["j k", "next, previous dead letter"], ["r", "look again now"]];

  constructor(draw) {
    this.draw = draw;
    this.told = this.letters = this.error = null;
    this.note = "";
  }

  open() {
    this.abort = new AbortController();
    this.note = "";
    this.look();
  }

  close() {
    this.abort.abort();
    clearTimeout(this.timer);
  }

  async look() {
    const signal = this.abort.signal;
    clearTimeout(this.timer);
    try {
      if (!document.hidden || !this.told) {
        [this.told, this.letters] = await Promise.all([ask("projections", {signal}), ask("projections/dead-letters", {signal})]);
        this.error = null;
      }
    } catch (error) {
      if (gone(error)) return;
      this.error = error;
    }
    if (signal.aborted) return;
    this.draw();
    if (this.error?.status !== 403) this.timer = setTimeout(() => this.look(), PAUSE);
  }

  body() {
    return html`<h1 class="hidden">Projections</h1>
      ${this.error ? html`<p class="trouble" role="alert">${trouble(this.error)}</p>` : nothing}
      ${this.note ? html`<p class="note" role="status">${this.note}</p>` : nothing}
      ${this.told ? html`${this.parked()}${this.table()}` : this.error ? nothing : html`<p class="dim">Reading…</p>`}`;
  }

  table() {
    const {head, items} = this.told;
    const behind = items.filter(each => each.behind > 0).length;
    return html`<section><h2>Projections</h2>
      <p class="dim">The log is at ${number(head)}; ${behind ? `${some(behind, "projection")} behind` : "all are there"}.</p>
      <table class="cards"><thead><tr><th scope="col">Name</th><th scope="col">Version</th><th scope="col" class="right">Position</th>
        <th scope="col" class="right">Behind</th><th scope="col" class="right">For</th><th scope="col" class="right">Dead letters</th></tr></thead>
      <tbody>${items.map(each => html`<tr>
        <th scope="row">${each.name}</th>
        <td data-label="Version">${each.version}${each.building === null ? nothing : html` <span class="badge wait">next at ${number(each.building)}</span>`}</td>
        <td data-label="Position" class="right mono">${number(each.position)}</td>
        <td data-label="Behind" class="right mono ${each.behind ? "wait" : ""}">${number(each.behind)}</td>
        <td data-label="For" class="right">${each.behind ? age(each.seconds) : "none"}</td>
        <td data-label="Dead letters" class="right ${each.dead_letters ? "bad" : ""}">${each.dead_letters ? number(each.dead_letters) : "none"}</td>
      </tr>`)}</tbody></table></section>`;
  }

  parked() {
    const groups = Object.groupBy(this.letters.items, each => `${each.kind} ${each.name}`);
    const names = Object.keys(groups);
    if (!names.length) return html`<section><h2>Dead letters</h2><p class="good">None: everything of this tenant is folded, and every reaction was carried out.</p></section>`;
    return html`<section><h2>Dead letters</h2>
      ${this.letters.more ? html`<p class="trouble">There are more than are shown here.</p>` : nothing}
      ${names.map(name => this.group(name, groups[name]))}</section>`;
  }

  group(title, letters) {
    const [{kind, name}] = letters;
    return html`<article class="letters" aria-label=${title}><div class="bar"><h3>${title}</h3>
      ${may(RETRY) ? html`<button type="button" class="primary" @click=${() => this.retry(kind, name, letters)}>Try ${name} again</button>`
        : html`<span class="dim">An admin can try again.</span>`}</div>
      <ul>${letters.map(each => this.letter(each))}</ul></article>`;
  }

  letter(each) {
    const [, context, ...rest] = each.stream.split("/"), id = rest.join("/");
    return html`<li data-item class="letter" tabindex="-1">
      <p><a class="mono" href=${causesOf(each.position)}>${each.position}</a> <strong>${each.tag}</strong>
        ${id ? html`<a class="mono" href=${streamAt(context, id)}>${context}/${short(id)}</a>` : nothing}</p>
      <p class="mono error">${each.error}</p>
      <p class="dim">since ${when(each.since)}${each.behind ? `; ${some(each.behind, "event")} of the stream behind it` : ""}</p></li>`;
  }

  async retry(kind, name, letters) {
    const count = letters.reduce((sum, each) => sum + 1 + each.behind, 0);
    const what = kind === "policy" ? `${some(count, "reaction")} of ${name} will be carried out once more. None is carried out twice.`
      : `${some(count, "event")} will be folded into ${name} once more, each stream in order. What fails again stays.`;
    if (!await confirmed(`Try ${name} again?`, what, "Try again")) return;
    try {
      const path = `${PATHS[kind]}/${encodeURIComponent(name)}/dead-letters/retry`;
      const {done, left, rebuild} = await ask(path, {method: "POST", signal: this.abort.signal});
      this.note = `${name}: ${number(done)} done, ${left ? `${number(left)} still parked` : "nothing is parked any more"}.`
        + (rebuild ? ` To make its rows exact, run: souk rebuild ${name}` : "");
      this.error = null;
    } catch (error) {
      if (gone(error)) return;
      this.note = `${name}: ${trouble(error)}`;
    }
    await this.look();
  }

  key(key) {
    switch (key) {
      case "j": return rove(".letter", 1);
      case "k": return rove(".letter", -1);
      case "r": this.look(); return true;
      default: return false;
    }
  }
}
