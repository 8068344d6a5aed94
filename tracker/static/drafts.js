// Keeps a letter or a note as it is typed: two seconds after the last key, and when the page is left. Else a button does.
const kept = document.querySelector("[data-keep]");
const form = kept?.closest("form");
if (form) {
  let last = typed();
  let waiting;
  let sending = false;
  let leaving = false;

  function typed() {
    const fields = new FormData(form);
    for (const name of ["csrf_token", "whose", "seen", "kept", "other", "words", "searched"]) fields.delete(name);
    return new URLSearchParams(fields).toString();
  }

  const keep = async (atEnd = false) => {
    clearTimeout(waiting);
    const now = typed();
    if (now === last || leaving || (sending && !atEnd)) return;
    const body = new URLSearchParams(new FormData(form));
    body.set("step", "keep");
    sending = true;
    try {
      const answer = await fetch(kept.dataset.keep, {
        method: "POST", body, headers: { Accept: "application/json" }, redirect: "error",
        ...(atEnd ? { keepalive: true } : { signal: AbortSignal.timeout(10000) }),
      });
      if (!answer.ok && answer.status !== 409) throw new Error(answer.status);
      const told = await answer.json();
      kept.textContent = told.kept;
      if (answer.ok) {
        form.elements.kept.value = told.stamp;
        kept.removeAttribute("role");
      } else {
        kept.setAttribute("role", "alert");
      }
      last = now;
    } catch {
      if (kept.getAttribute("role") !== "alert") {
        kept.setAttribute("role", "alert");
        kept.textContent = kept.dataset.lost;
      }
    }
    sending = false;
    if (typed() !== last) soon(last === now ? 2000 : 15000);
  };
  const soon = (after) => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, after);
  };

  form.addEventListener("input", () => soon(2000));
  form.addEventListener("change", () => soon(2000));
  form.addEventListener("submit", () => { leaving = true; clearTimeout(waiting); });
  addEventListener("pageshow", () => { leaving = false; });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(true); });
  addEventListener("pagehide", () => keep(true));
}
