// Asks the browser for a passkey, or to make one, and sends its answer with the form around the button.
"use strict";

const octets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const readable = (options) => {
  options.challenge = octets(options.challenge);
  if (options.user) options.user.id = octets(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const one of list || []) one.id = octets(one.id);
  }
  return options;
};

const sendable = (credential) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

const ask = async (form, button) => {
  const publicKey = readable(JSON.parse(form.dataset.options));
  const making = form.dataset.passkey === "create";
  button.disabled = true;
  try {
    const credential = await navigator.credentials[making ? "create" : "get"]({ publicKey });
    form.elements.answer.value = sendable(credential);
    form.submit();
  } catch {
    form.querySelector("[data-failed]").hidden = false;
    button.disabled = false;
  }
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  for (const hint of document.querySelectorAll("[data-without-passkeys]")) hint.hidden = true;
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(form, button); });
}
