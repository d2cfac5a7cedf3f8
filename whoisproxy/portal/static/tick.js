/* One box that ticks all boxes of a list; without scripts it is not there, and each is ticked by itself. */
"use strict";
for (const form of document.querySelectorAll("[data-tick]")) {
  const all = form.querySelector("[data-tick-all]");
  const boxes = [...form.querySelectorAll("input[name=d]")];
  const look = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.closest("[hidden]").hidden = boxes.length === 0;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  form.addEventListener("change", look);
  // A browser that comes back to the page keeps what was ticked.
  window.addEventListener("pageshow", look);
}
