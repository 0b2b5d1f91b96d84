// Questions and help, over everything else until they are closed.
import {html, render} from "./html.js";

function shown(label, content) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", label);
  document.body.append(dialog);
  render(content(dialog), dialog);
  dialog.showModal();
  return new Promise(done => dialog.addEventListener("close", () => {
    dialog.remove();
    done(dialog.returnValue);
  }, {once: true}));
}

export const isOpen = () => document.querySelector("dialog[open]") !== null;

// Whether they said yes.
export async function confirmed(title, text, action) {
  const said = await shown(title, dialog => html`<h2>${title}</h2><p>${text}</p>
    <div class="actions">
      <button type="button" autofocus @click=${() => dialog.close("")}>Cancel</button>
      <button type="button" class="primary" @click=${() => dialog.close("yes")}>${action}</button>
    </div>`);
  return said === "yes";
}

// ``keys``: groups of [title, [[key, what it does]…]]. ``single``: may keys without a modifier act?
export function help(keys, single, chosen) {
  return shown("Keyboard", dialog => html`<h2>Keyboard</h2>
    ${keys.map(([title, group]) => html`<h3>${title}</h3><dl class="keys">${group.map(([key, what]) =>
      html`<div><dt>${key.split(" ").map(each => html`<kbd>${each}</kbd>`)}</dt><dd>${what}</dd></div>`)}</dl>`)}
    <label class="check"><input type="checkbox" .checked=${single} @change=${event => chosen(event.target.checked)}>
      Single keys act (Tab, arrows and Enter always do)</label>
    <div class="actions"><button type="button" class="primary" autofocus @click=${() => dialog.close()}>Close</button></div>`);
}
