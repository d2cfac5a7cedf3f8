// Does the work that the form asks for (ALTCHA, version 2, SHA-256) beside the page, while somebody writes.
"use strict";

const octets = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (all) => Array.from(all, (one) => one.toString(16).padStart(2, "0")).join("");

// Counts until the hash of salt, nonce and number begins as it has to.
const solved = async ({ salt, nonce, keyPrefix }) => {
  const input = new Uint8Array([...octets(salt), ...octets(nonce), 0, 0, 0, 0]);
  const number = new DataView(input.buffer, input.length - 4);
  const wanted = octets(keyPrefix);
  for (let counter = 0; ; counter++) {
    number.setUint32(0, counter);
    const key = new Uint8Array(await crypto.subtle.digest("SHA-256", input));
    if (wanted.every((octet, at) => octet === key[at])) return { counter, derivedKey: hex(key) };
  }
};

const help = (form, address) => {
  const challenge = JSON.parse(form.dataset.challenge);
  const files = form.elements.files;
  const note = form.querySelector("[data-working]");
  const worker = new Worker(address);
  let working = true, waiting = false;
  const finish = (work) => {
    working = false;
    worker.terminate();
    form.elements.work.value = work;
    if (waiting) form.submit();
  };
  worker.onmessage = ({ data }) => finish(btoa(JSON.stringify({ challenge, solution: data })));
  // Without the work the form is taken as from a browser that runs no scripts.
  worker.onerror = () => finish("");
  worker.postMessage(challenge.parameters);
  form.addEventListener("submit", (event) => {
    if (!working) return;
    event.preventDefault();
    waiting = true;
    note.hidden = false;
  });
  if (files) files.addEventListener("change", () => {
    const sum = Array.from(files.files).reduce((all, one) => all + one.size, 0);
    files.setCustomValidity(sum > Number(form.dataset.mostOctets) ? files.dataset.tooLarge : "");
    files.reportValidity();
  });
};

if (self.document === undefined) {
  self.onmessage = async ({ data }) => self.postMessage(await solved(data));
} else if (self.isSecureContext && self.Worker) {
  const form = document.querySelector("form[data-challenge]");
  if (form) help(form, document.currentScript.src);
}
