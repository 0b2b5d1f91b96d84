// The end of the log as it grows. Its beginning is recorded as one reading; following it is not.
import {ask, gone} from "./session.js";

const PAUSE = 1000, LONGEST = 15_000, EARLY = 5000;   // milliseconds: between looks; after failures; before it ends

export class Tail {
  // ``heard``: called with each answer. ``moved``: when the state has changed.
  constructor(heard, moved) {
    this.heard = heard;
    this.moved = moved;
    this.state = "out";                           // out, waiting, live, paused, refused
    this.position = null;
    this.trouble = null;
  }

  start(filter) {
    this.stop();
    this.filter = filter;
    this.position = this.id = null;
    this.resume();
  }

  resume() {
    this.abort = new AbortController();
    this.failures = 0;
    this.become(this.state === "paused" ? "live" : "waiting");
    this.run(this.abort.signal);
  }

  pause() {
    this.abort?.abort();
    this.become("paused");
  }

  stop() {
    this.abort?.abort();
    this.become("out");
  }

  become(state, trouble = null) {
    const changed = this.state !== state;
    this.state = state;
    this.trouble = trouble;
    if (changed) this.moved();
  }

  async run(signal) {
    while (!signal.aborted) {
      try {
        if (!document.hidden || this.position === null) await this.look(signal);
        this.failures = 0;
      } catch (error) {
        if (signal.aborted || gone(error)) return;
        if (error.code === "audit.unknown_tail") { this.id = null; continue; }
        if (error.status && error.status < 500) { this.become("refused", error); this.abort.abort(); return; }
        this.failures += 1;
        this.become("waiting", error);
      }
      await rest(Math.min(LONGEST, PAUSE * 2 ** this.failures) * (this.failures ? 0.5 + Math.random() / 2 : 1), signal);
    }
  }

  async look(signal) {
    const anew = !this.id || Date.now() > this.until - EARLY;
    const told = anew
      ? await ask("audit/tail", {query: {...this.filter, after: this.position}, signal})
      : await ask(`audit/tail/${this.id}`, {query: {after: this.position}, signal});
    if (signal.aborted) return;
    const since = this.position;
    [this.id, this.until, this.position] = [told.id, Date.parse(told.until), told.position];
    this.become("live");
    this.heard(told, since);
  }
}

function rest(milliseconds, signal) {
  return new Promise(done => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, {once: true});
  });
}
