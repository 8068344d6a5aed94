// Adds comfort to pages that work without it: focus on the error summary, no double submission, a live count of characters,
// and, once the text of a request was left, what can be told of it before it is sent.
import { Button, CharacterCount, ErrorSummary, NotificationBanner, Radios, SkipLink, createAll } from "./vendor/govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, CharacterCount, ErrorSummary, NotificationBanner, Radios, SkipLink]) createAll(component);

// A browser gives no element the focus by itself where the address leads to a part of the page: so it does in a form that
// was sent after the link past the menu was taken, and comes back with what must be put right.
const begins = document.querySelector("[autofocus]");
if (begins && location.hash) {
  addEventListener("load", () => setTimeout(() => { if (document.activeElement === document.body) begins.focus(); }));
}

const look = document.querySelector("[data-look]");
if (look) {
  const found = document.getElementById("look-found");
  const { form } = look;
  let asked = "";
  let newest = 0;
  let released = Promise.resolve();
  let pointing = false;

  // Nothing moves under a finger: what is told is shown once the button that was pressed has been let go,
  // and for whoever points at things the button that sends stays where it is on the screen.
  addEventListener("pointermove", () => { pointing = true; });
  addEventListener("keydown", () => { pointing = false; });
  form.addEventListener("pointerdown", () => {
    released = new Promise((resolve) => {
      for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(resolve), { once: true });
    });
  });

  // Says whether the answer was shown: where it was not, the page itself is asked. `pressed`: told even if there is nothing.
  const show = async (pressed) => {
    const [told, typed] = [new URLSearchParams(), new FormData(form)];
    for (const name of ["csrf_token", "kind", "country", "subject", "text"]) {
      told.set(name, typed.get(name) ?? "");
    }
    if (!pressed && (told.toString() === asked || !told.get("text").trim())) return true;
    asked = told.toString();
    if (pressed) told.set("look", "yes");
    const number = ++newest;
    try {
      const answer = await fetch(look.dataset.look, { method: "POST", body: told, signal: AbortSignal.timeout(8000) });
      const words = await answer.text();
      if (!answer.ok) return false;
      await released;
      if (number !== newest) return true;
      const place = () => found.nextElementSibling.getBoundingClientRect().top;
      const before = place();
      found.innerHTML = words;
      if (pointing && before < innerHeight) {
        scrollBy({ top: place() - before, behavior: "instant" });
      }
      return true;
    } catch {
      return false;
    }
  };

  form.elements.text.addEventListener("change", () => show(false));
  look.addEventListener("click", async (event) => {
    event.preventDefault();
    if (await show(true)) document.getElementById("notice")?.focus();
    else form.requestSubmit(look);
  });
}
