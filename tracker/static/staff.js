// Adds comfort to the lists of staff: keys, all ticked at once, counts that keep up. Each page works without it.
const keysOff = "suivi-keys-off";

// What a list counts, asked again each minute while somebody can see it; said aloud only when something changed.
const counts = document.querySelector("[data-counts]");
if (counts) {
  const told = document.getElementById("counts-told");
  const ask = async () => {
    if (document.visibilityState === "hidden") return;
    try {
      const answer = await fetch(counts.dataset.counts, { headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(20000) });
      if (!answer.ok) return;
      const news = [];
      for (const [name, number] of Object.entries((await answer.json()).counts)) {
        const shown = counts.querySelector(`[data-count="${CSS.escape(name)}"]`);
        if (!shown || shown.textContent === number) continue;
        shown.textContent = number;
        shown.toggleAttribute("data-none", number === "0");
        news.push(shown.closest("a").textContent.trim().replace(/\s+/g, " "));
      }
      if (news.length) told.textContent = `${told.dataset.changed} ${news.join(", ")}`;
    } catch { /* asked again in a minute */ }
  };
  setInterval(ask, 60000);
  document.addEventListener("visibilitychange", ask);
}

// All on this page ticked, or none, without asking for the page again.
const all = document.getElementById("tick-all");
if (all) {
  const ticks = [...document.querySelectorAll(".staff-tick")];
  const words = [all.textContent, all.dataset.none];
  const every = () => ticks.every((tick) => tick.checked);
  const ticked = document.getElementById("ticked");
  const say = () => {
    const many = ticks.filter((tick) => tick.checked).length;
    all.textContent = words[every() ? 1 : 0];
    ticked.textContent = many ? ` (${many})` : "";
  };
  all.setAttribute("role", "button");
  all.addEventListener("click", (event) => {
    event.preventDefault();
    const to = !every();
    for (const tick of ticks) tick.checked = to;
    say();
  });
  all.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); all.click(); } });
  document.addEventListener("change", say);
  say();
}

const printed = document.getElementById("print-page");
if (printed) {
  printed.hidden = false;
  printed.addEventListener("click", () => print());
}

// Keys of one letter: never while something is typed, and off for whoever wants them off (in this browser).
const sheet = document.getElementById("keys");
if (sheet) {
  const on = () => localStorage.getItem(keysOff) === null;
  const rows = () => [...document.querySelectorAll(".suivi-queue tbody tr")];
  const link = (row) => row.querySelector("th a, a");
  const here = () => rows().findIndex((row) => row.contains(document.activeElement));
  const views = new Map([...document.querySelectorAll("[data-key]")].map((one) => [one.dataset.key, one]));
  const box = document.getElementById("keys-on");
  let going = 0;

  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = here();
    link(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]).focus();
  };
  const show = () => {
    sheet.showModal();
    document.getElementById("keys-title").focus();
  };
  const does = {
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const tick = rows()[here()]?.querySelector(".staff-tick");
      if (tick) tick.click();
    },
    d: () => document.querySelector("#several button")?.focus(),
    o: () => { const row = rows()[here()]; if (row) link(row).click(); },
    n: () => document.getElementById("next-step")?.click(),
    "/": () => (document.querySelector("main [name=q]") ?? document.getElementById("find"))?.focus(),
    "?": () => (sheet.open ? sheet.close() : show()),
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=submit], [type=button])");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !on()) return;
    if (sheet.open && event.key !== "?") return;
    if (Date.now() - going < 2000 && views.has(event.key)) {
      event.preventDefault();
      views.get(event.key).click();
    } else if (event.key === "g") {
      going = Date.now();
    } else if (does[event.key]) {
      event.preventDefault();
      does[event.key]();
    }
  });

  for (const opener of document.querySelectorAll("[data-keys]")) {
    opener.hidden = false;
    opener.addEventListener("click", (event) => { event.preventDefault(); show(); });
  }
  box.checked = on();
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(keysOff);
    else localStorage.setItem(keysOff, "yes");
  });
}
