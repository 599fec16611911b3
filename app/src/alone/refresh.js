// Asks for the page again every few seconds while it is looked at, and puts its part #live in place of the old one. Whoever reads
// with the keyboard in that part, or has something open over the page, is not disturbed; the button stops it.
(() => {
  const EVERY = 10000;
  const button = document.getElementById("refresh-self"), lost = document.getElementById("refresh-lost");
  const live = () => document.getElementById("live");
  const keep = (value) => { try { return value === undefined ? sessionStorage.getItem("refresh") : sessionStorage.setItem("refresh", value); } catch { return null; } };
  if (!button || !live()) return;
  let on = keep() !== "off", busy = false;
  const show = () => button.setAttribute("aria-pressed", String(on));
  const again = async () => {
    if (!on || busy || document.hidden || live().contains(document.activeElement) || document.querySelector(":popover-open")) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (!fresh) throw new Error(String(answer.status));
      for (const open of live().querySelectorAll("details[open][id]")) fresh.querySelector("#" + CSS.escape(open.id))?.setAttribute("open", "");
      // Meanwhile somebody may have gone in there, or stopped it.
      if (on && !live().contains(document.activeElement)) live().replaceWith(document.adoptNode(fresh));
      lost.hidden = true;
    } catch { lost.hidden = false; }
    busy = false;
  };
  button.addEventListener("click", () => { on = !on; keep(on ? "on" : "off"); show(); again(); });
  show();
  document.documentElement.classList.add("hydrated");
  setInterval(again, EVERY);
})();
