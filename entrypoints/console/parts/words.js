// How times, numbers and places are written. Times are UTC's, as the log has them.
import {html} from "./html.js";

const NUMBERS = new Intl.NumberFormat("en");
const HUES = 8;

export const number = value => NUMBERS.format(value);

export const day = text => text.slice(0, 10);
export const clock = text => new Date(text).toISOString().slice(11, 23);
export const when = text => text ? `${day(new Date(text).toISOString())} ${clock(text).slice(0, 8)}` : "never";

export function age(seconds) {
  if (seconds < 1) return "none";
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${number(Math.round(seconds / 3600))} h`;
}

export const some = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

// A value of JSON as one line of text.
export function said(value) {
  if (value === undefined) return "none";
  return typeof value === "string" && value ? value : JSON.stringify(value);
}

// What is written from right to left turns round nothing but itself.
export const apart = text => `\u2068${text}\u2069`;

// Ids are long, and told apart by their beginning and end.
export const short = id => id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;

// The same context has the same colour everywhere.
export function hue(context) {
  let sum = 0;
  for (const letter of context) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return `hue${sum % HUES}`;
}

const part = encodeURIComponent;
export const streamAt = (context, id, version) =>
  `#/stream/${part(context)}/${part(id)}${version === undefined ? "" : `?at=${version}`}`;
export const causesOf = position => `#/causes/${position}`;

export const streamLink = ({context, id, version}) => html`<a class="mono" href=${streamAt(context, id, version)}
  title=${`${context}/${id}, version ${version}`}>${context}/${short(id)} <span class="dim">v${version}</span></a>`;

export const tagged = ({context, tag}) => html`<span class="tag ${hue(context)}">${tag}</span>`;

// What an error is to whoever looks.
export function trouble(error) {
  if (error.status === 403) return `Not allowed: ${error.message}.`;
  if (error.status === 503) return "The server cannot answer just now.";
  if (error.status) return error.message;
  return "No answer from the server.";
}
