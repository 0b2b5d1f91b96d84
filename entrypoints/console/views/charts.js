// How many events the log takes, and what the tenant sells.
import {html, nothing} from "../parts/html.js";
import {Plot} from "../parts/plot.js";
import {day, number, some, trouble, when} from "../parts/words.js";
import {ask, gone} from "../session.js";

const PAUSE = 5000, DAY = 86_400_000;             // milliseconds
const STEPS = [[1, "The last minute"], [10, "The last 10 minutes"], [60, "The last hour"], [1440, "The last day"]];
const RANGES = [[30, "30 days"], [90, "90 days"], [365, "A year"]];
const waiting = trouble => trouble ? nothing : "Reading…";
const stamp = seconds => new Date(seconds * 1000).toISOString();
const rate = value => value === 0 ? "0" : number(Number(value.toPrecision(3)));

export class Charts {
  name = "Charts";
  keys = [["r", "look again now"]];

  constructor(draw) {
    this.draw = draw;
    this.step = 10;
    this.range = 30;
    this.currency = null;
    this.taken = this.sold = null;
    this.errors = {};
  }

  open() {
    this.abort = new AbortController();
    this.rates = new Plot("Events a second", rate, seconds => stamp(seconds).slice(11, this.step < 60 ? 19 : 16));
    this.sales = new Plot("Revenue", number, seconds => stamp(seconds).slice(5, 10));
    this.look();
    this.sell();
  }

  close() {
    this.abort.abort();
    clearTimeout(this.timer);
    this.rates.end();
    this.sales.end();
  }

  async reading(name, work) {
    const {signal} = this.abort;
    try {
      await work(signal);
      this.errors[name] = null;
    } catch (error) {
      if (gone(error)) return;
      this.errors[name] = error;
    }
    if (!signal.aborted) this.draw();
  }

  async look() {
    const {signal} = this.abort;
    clearTimeout(this.timer);
    await this.reading("taken", async signal => {
      const told = await ask("projections/throughput", {query: {seconds: this.step}, signal});
      if (told.seconds !== this.step) return;
      const first = Date.parse(told.first) / 1000;
      this.taken = {...told, data: [told.events.map((_, n) => first + n * told.seconds), told.events.map(each => each / told.seconds)]};
    });
    if (!signal.aborted && this.errors.taken?.status !== 403) this.timer = setTimeout(() => this.look(), PAUSE);
  }

  sell() {
    return this.reading("sold", async signal => {
      const to = new Date(), from = new Date(to - (this.range - 1) * DAY);
      const {days} = await ask("analytics/sales/days", {query: {from: day(from.toISOString()), to: day(to.toISOString())}, signal});
      this.sold = {days, from, to};
      const known = [...new Set(days.map(each => each.revenue.currency))];
      if (!known.includes(this.currency)) this.currency = known[0] ?? null;
      this.fill();
    });
  }

  // Days without sales have bars of no height.
  fill() {
    const {days, from, to} = this.sold;
    const mine = days.filter(each => each.revenue.currency === this.currency);
    const by = new Map(mine.map(each => [each.day, Number(each.revenue.amount)]));
    const all = [];
    for (let at = Date.parse(day(from.toISOString())); at <= to; at += DAY) all.push(at);
    this.sold.mine = mine;
    this.sold.data = [all.map(at => at / 1000), all.map(at => by.get(day(new Date(at).toISOString())) ?? 0)];
  }

  body() {
    return html`<h1 class="hidden">Charts</h1>${this.throughput()}${this.selling()}`;
  }

  throughput() {
    const peak = this.taken ? Math.max(...this.taken.data[1]) : 0;
    const total = this.taken?.events.reduce((sum, each) => sum + each, 0) ?? 0;
    return html`<section><div class="bar"><h2>Throughput</h2>
        ${choice("Time", STEPS, this.step, value => { this.step = value; this.taken = null; this.look(); this.draw(); })}</div>
      ${this.errors.taken ? html`<p class="trouble" role="alert">${trouble(this.errors.taken)}</p>` : nothing}
      <figure><div class="plot" id="rates" aria-hidden="true"></div>
        <figcaption>${this.taken ? html`${some(total, "event")} since ${when(this.taken.first)}, at most ${rate(peak)} a second.
          Of the whole log, in steps of ${this.taken.seconds === 1440 ? "24 minutes" : some(this.taken.seconds, "second")}.` : waiting(this.errors.taken)}</figcaption></figure></section>`;
  }

  selling() {
    const mine = this.sold?.mine ?? [];
    const total = mine.reduce((sum, each) => sum + Number(each.revenue.amount), 0);
    const orders = mine.reduce((sum, each) => sum + each.orders_paid, 0);
    const currencies = [...new Set((this.sold?.days ?? []).map(each => each.revenue.currency))];
    return html`<section><div class="bar"><h2>Sales</h2>
        ${choice("Range", RANGES, this.range, value => { this.range = value; this.sell(); })}
        ${currencies.length > 1 ? choice("Currency", currencies.map(each => [each, each]), this.currency, value => { this.currency = value; this.fill(); this.draw(); }) : nothing}</div>
      ${this.errors.sold ? html`<p class="trouble" role="alert">${trouble(this.errors.sold)}</p>` : nothing}
      <figure><div class="plot" id="sales" aria-hidden="true"></div>
        <figcaption>${!this.sold ? waiting(this.errors.sold) : this.currency === null ? "Nothing was paid on these days."
          : html`${number(total)} ${this.currency} of ${some(orders, "paid order")}, less refunds; days are UTC's.`}</figcaption></figure>
      ${mine.length ? html`<details><summary>As a table</summary><table><thead><tr><th scope="col">Day</th>
        <th scope="col" class="right">Revenue</th><th scope="col" class="right">Orders paid</th></tr></thead>
        <tbody>${mine.toReversed().map(each => html`<tr><th scope="row">${each.day}</th>
          <td class="right mono">${each.revenue.amount} ${each.revenue.currency}</td><td class="right mono">${number(each.orders_paid)}</td></tr>`)}</tbody></table></details>` : nothing}</section>`;
  }

  // After the page was drawn: the places for the charts are there.
  drawn() {
    const [rates, sales] = ["rates", "sales"].map(id => document.getElementById(id));
    if (rates && this.taken) this.rates.show(rates, this.taken.data);
    if (sales && this.sold) this.sales.show(sales, this.sold.data);
  }

  key(key) {
    if (key !== "r") return false;
    this.look();
    this.sell();
    return true;
  }
}

function choice(label, all, chosen, choose) {
  const taken = event => choose(all[event.target.selectedIndex][0]);
  return html`<label class="choice"><span class="hidden">${label}</span><select @change=${taken}>
    ${all.map(([value, text]) => html`<option .selected=${value === chosen}>${text}</option>`)}</select></label>`;
}
