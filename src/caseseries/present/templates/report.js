"use strict";
const trails = JSON.parse(document.getElementById("trails").textContent);
const dialog = document.querySelector("dialog");

function follow(id) {
  const trail = trails[id];
  if (!trail) return;
  dialog.querySelector("h2").textContent = trail.label;
  dialog.querySelector(".id").textContent = id;
  dialog.querySelector("ul").replaceChildren(...trail.lines.map(line => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
  dialog.showModal();
}

document.addEventListener("click", event => {
  const number = event.target.closest("[data-result], [data-trail]");
  if (number) event.preventDefault(), follow(number.dataset.result ?? number.dataset.trail);
  else if (event.target === dialog) dialog.close();
});

const asked = decodeURIComponent(location.hash.slice(1));
if (asked in trails) follow(asked);

for (const drawing of document.querySelectorAll(".drawing")) {
  const facts = [...drawing.querySelectorAll(".fact")];
  const said = drawing.querySelector(".said");
  let here = null;

  function say(fact) {
    if (fact === here) return;
    if (here) here.classList.remove("here");
    here = fact;
    said.hidden = !fact;
    if (!fact) return;
    fact.classList.add("here");
    said.textContent = fact.getAttribute("aria-label");
    const frame = drawing.getBoundingClientRect(), mark = fact.getBoundingClientRect();
    const middle = mark.left - frame.left + drawing.scrollLeft + mark.width / 2 - said.offsetWidth / 2;
    const above = mark.top - frame.top - said.offsetHeight - 8;
    said.style.left = Math.max(0, Math.min(middle, drawing.scrollWidth - said.offsetWidth)) + "px";
    const clear = above >= 0 ? above : mark.height > 60 ? 0 : mark.bottom - frame.top + 8;
    said.style.top = clear + "px";
  }

  drawing.addEventListener("pointermove", event => say(event.target.closest(".fact")));
  drawing.addEventListener("pointerleave", () => say(null));
  drawing.addEventListener("blur", () => say(null));
  drawing.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") say(null);
    if (!step || !facts.length) return;
    event.preventDefault();
    say(facts[(facts.indexOf(here) + step + facts.length + (here || step > 0 ? 0 : 1)) % facts.length]);
  });
}
