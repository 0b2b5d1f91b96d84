// Who looks, and why: the token is kept for this tab only, and gone once signed out.
const TOKEN = "souk.token", PURPOSE = "souk.purpose";
const API = new URL("/api/v1/", location.origin);
const UNSENDABLE = /[^\x21-\x7e]/;               // no header holds it
const LONGEST = 200;                              // bytes of a purpose

let token = sessionStorage.getItem(TOKEN) ?? "", purpose = sessionStorage.getItem(PURPOSE) ?? "";
let stay = new AbortController(), left = () => {};

export class Refused extends Error {
  constructor(status, code, detail) {
    super(detail || code || `The server answered ${status}.`);
    this.status = status;
    this.code = code;
  }
}

export const signedIn = () => token !== "";

// Only to be shown: it is the server that checks it.
export function person() {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), each => each.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

// Whether it is worth showing them the way: the server decides.
export function may(permission) {
  const held = person().permissions ?? [];
  return [permission, `${permission.split(":")[0]}:*`, "*:*"].some(each => held.includes(each));
}

export const onLeave = heard => { left = heard; };

// Raises Refused.
export async function signIn(text, why) {
  if (UNSENDABLE.test(text)) throw new Refused(401, "unauthenticated");
  token = text;
  purpose = why;
  try {
    await ask("live");                            // which whoever is signed in may ask
  } catch (error) {
    token = purpose = "";
    throw error;
  }
  sessionStorage.setItem(TOKEN, token);
  sessionStorage.setItem(PURPOSE, purpose);
}

export function signOut(why = "") {
  token = purpose = "";
  sessionStorage.clear();
  stay.abort();
  stay = new AbortController();
  left(why);
}

// The answer's document. Raises Refused, or what fetch does when there is no answer.
export async function ask(path, {method = "GET", query = {}, signal} = {}) {
  // What an address of this page names is no way to another route.
  if (path.split("/").some(part => part === "." || part === "..")) throw new Refused(404, "not_found");
  const url = new URL(path, API), mine = token;
  for (const [name, value] of Object.entries(query)) {
    if (value !== "" && value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  const headers = {Authorization: `Bearer ${mine}`};
  if (purpose) headers["Souk-Purpose"] = written(purpose);
  const signals = signal ? [signal, stay.signal] : [stay.signal];
  const answer = await fetch(url, {method, headers, signal: AbortSignal.any(signals), cache: "no-store"});
  if (answer.ok) return answer.json();
  const wrong = await answer.json().catch(() => ({}));
  const refused = new Refused(answer.status, wrong.code, wrong.detail);
  if (answer.status === 401 && mine === token && sessionStorage.getItem(TOKEN)) {
    signOut("The token has expired, or is not for here: sign in with a new one.");
  }
  throw refused;
}

// A header holds bytes: those of UTF-8, as the server reads them.
function written(text) {
  let bytes = new TextEncoder().encode(text.trim());
  while (bytes.length > LONGEST) {
    text = text.slice(0, -1);
    bytes = new TextEncoder().encode(text.trim());
  }
  return String.fromCharCode(...bytes);
}

export const gone = error => error.name === "AbortError";
