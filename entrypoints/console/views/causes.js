// What an event followed from, and what followed from it: a tree of commands across all streams.
import {html, nothing} from "../parts/html.js";
import {rove, unfold} from "../parts/rove.js";
import {differences, origin, tree} from "../parts/values.js";
import {causesOf, clock, some, streamLink, tagged, trouble, when} from "../parts/words.js";
import {ask, gone} from "../session.js";

export class Causes {
  name = "Causes";
  keys = [["j k", "next, previous command"], ["↑ ↓", "the same"], ["← →", "close, open a branch"], ["/", "to the position"]];

  constructor(draw) { this.draw = draw; }

  open([position]) {
    this.abort = new AbortController();
    this.position = position ?? "";
    this.found = this.error = null;
    if (this.position) this.read();
  }

  close() { this.abort.abort(); }

  async read() {
    try {
      this.found = await ask(`audit/events/${encodeURIComponent(this.position)}`, {signal: this.abort.signal});
    } catch (error) {
      if (gone(error)) return;
      this.error = error;
    }
    this.draw();
  }

  body() {
    const go = event => {
      event.preventDefault();
      location.hash = causesOf(new FormData(event.target).get("position"));
    };
    return html`<h1 class="hidden">Causes and effects</h1>
      <form class="inline" @submit=${go} autocomplete="off"><label>Event at position
        <input name="position" inputmode="numeric" pattern="[0-9]{1,18}" required data-first .value=${this.position}></label>
        <button class="primary">Show</button></form>
      ${this.error ? html`<p class="trouble" role="alert">${this.error.status === 404 ? "There is no such event." : trouble(this.error)}</p>` : nothing}
      ${this.found ? this.shown(this.found) : this.position && !this.error ? html`<p class="dim">Reading…</p>`
        : this.position ? nothing : html`<p class="empty">An event's causes and effects: open one in the log, or name its position.</p>`}`;
  }

  shown({entry, trace}) {
    return html`<section aria-label="The event"><h2 class="title">${tagged(entry)} <span class="mono dim">${entry.position}</span></h2>
        <dl class="facts">
          <div><dt>Stream</dt><dd>${streamLink(entry)}</dd></div>
          <div><dt>Recorded</dt><dd>${when(entry.recorded_at)}</dd></div>
          <div><dt>Who</dt><dd>${entry.actor}</dd></div>
          <div><dt>From</dt><dd>${origin(entry)}</dd></div>
        </dl></section>
      <section><h2>Causes and effects</h2>
        ${trace.truncated ? html`<p class="trouble">There is more than is shown here.</p>` : nothing}
        <ul class="trace">${this.chain(trace)}</ul></section>
      <section><h2>What it changed</h2>${differences(entry.changes)}</section>
      <section><h2>Data</h2>${tree(entry.data)}</section>`;
  }

  // The causes are told nearest first; each is shown with what it led to below it.
  chain({command, causes}) {
    return causes.reduce((below, cause) => this.step(cause, html`${below}`), this.step(command, this.effects(command), true));
  }

  effects(step) {
    return step.effects.length ? step.effects.map(each => this.step(each, this.effects(each))) : nothing;
  }

  step(step, below, here = false) {
    return html`<li class=${here ? "here" : ""} data-item><details open>
      <summary aria-current=${here ? "true" : nothing}><span class="actor">${step.actor}</span>
        <time class="mono dim" datetime=${step.recorded_at} title=${when(step.recorded_at)}>${clock(step.recorded_at)}</time>
        <span class="dim">${some(step.events.length, "event")}</span></summary>
      <ul class="events">${step.events.map(each => html`<li class=${String(each.position) === this.position ? "this" : ""}>
        <a class="mono position" href=${causesOf(each.position)}>${each.position}</a> ${tagged(each)} ${streamLink(each)}</li>`)}</ul>
      ${below === nothing ? nothing : html`<ul class="trace">${below}</ul>`}
    </details></li>`;
  }

  key(key) {
    const on = document.activeElement?.closest(".trace summary");
    switch (key) {
      case "j": return rove(".trace summary", 1);
      case "k": return rove(".trace summary", -1);
      case "ArrowDown": return on ? rove(".trace summary", 1) : false;
      case "ArrowUp": return on ? rove(".trace summary", -1) : false;
      case "ArrowRight": return on ? unfold(true) : false;
      case "ArrowLeft": return on ? unfold(false) : false;
      case "/": document.querySelector("[data-first]").focus(); return true;
      default: return false;
    }
  }
}
