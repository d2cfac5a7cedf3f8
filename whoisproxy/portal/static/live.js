// Keeps a part of a page true: the server sends it anew whenever it has changed, and says when that is the last time.
"use strict";

const RELOAD_MS = 10000;
const LONGEST_MS = 30 * 60000;

for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  const show = (event) => {
    // Nothing that is read in this way runs; it is text and elements, escaped by the server like the page.
    const read = new DOMParser().parseFromString(event.data, "text/html");
    part.replaceChildren(...read.body.childNodes);
  };
  source.addEventListener("state", show);
  source.addEventListener("end", (event) => { source.close(); show(event); });
  source.addEventListener("error", () => {
    // A stream that was cut is opened again by the browser. One that is refused is not: the page says why.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), RELOAD_MS);
  });
  // A page that is left open does not keep its owner signed in for ever.
  setTimeout(() => source.close(), LONGEST_MS);
}
