// Progressive enhancement only: without this script everything is there, and every details element still opens.
(() => {
  "use strict";
  const form = document.getElementById("filters");
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const unfold = document.getElementById("unfold");
  const claims = [...document.querySelectorAll(".claim")];
  const links = [...document.querySelectorAll(".linked li[data-claim]")];
  const parts = [...document.querySelectorAll("#claims .part")];
  const keys = ["document", "basis", "read", "verdict", "weight"];
  const texts = claims.map((claim) => claim.textContent.toLowerCase());
  const values = claims.map((claim) => Object.fromEntries(keys.map((key) => [key, claim.dataset[key].split("|")])));
  const say = document.createElement("p");
  say.className = "hidden";
  say.setAttribute("role", "status");
  document.body.append(say);

  // A button beside every command; the selection is the way out where the clipboard is refused, as for local files.
  for (const code of document.querySelectorAll("code[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.textContent}`);
    code.after(button);
  }
  function copyBySelection(code) {
    const range = document.createRange();
    range.selectNodeContents(code);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return document.execCommand("copy");
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.(".copy");
    if (!button) return;
    const code = button.previousElementSibling;
    let done = false;
    try {
      await navigator.clipboard.writeText(code.textContent);
      done = true;
    } catch {
      done = copyBySelection(code);
    }
    button.textContent = done ? "Copied" : "Selected";
    say.textContent = done ? `Copied: ${code.textContent}` : "Selected; copy it with the keyboard.";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  function open(element) {
    for (let one = element; one; one = one.parentElement?.closest("details")) {
      if (one.matches("details")) one.open = true;
    }
  }
  function reveal(behavior = "auto") {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return; // not a name of ours
    }
    if (!target) return;
    if (claims.length && target.closest("[hidden]")) {
      form.reset();
      apply(false);
    }
    open(target);
    const own = target.matches(".claim") ? target.querySelector("details") : null;
    if (own) own.open = true;
    target.scrollIntoView({ behavior });
  }
  addEventListener("hashchange", () => reveal());
  // A second click on a link whose address stands already changes no hash.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link && link.getAttribute("href") === location.hash) reveal();
  });
  if (!claims.length) return;
  form.hidden = false;

  const chosen = () => {
    const data = new FormData(form);
    return Object.fromEntries(["text", ...keys].map((key) => [key, String(data.get(key) ?? "").trim()]));
  };
  let filtered = false;
  function apply(remember) {
    const filter = chosen();
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    const active = Object.entries(filter).filter(([, value]) => value);
    const visible = new Set();
    claims.forEach((claim, index) => {
      const fits = keys.every((key) => !filter[key] || values[index][key].includes(filter[key]));
      claim.hidden = !(fits && words.every((word) => texts[index].includes(word)));
      if (!claim.hidden) visible.add(claim.id);
    });
    for (const link of links) link.hidden = !visible.has(link.dataset.claim);
    const some = active.length > 0;
    for (const group of document.querySelectorAll("#claims .group, #claims .linked")) {
      group.hidden = some && !group.querySelector("li[data-claim]:not([hidden]), .claim:not([hidden])");
    }
    for (const part of parts) {
      part.hidden = some && !part.querySelector(".group:not([hidden])");
      if (some) part.open = !part.hidden;
      else if (filtered) part.open = false;
    }
    for (const part of document.querySelectorAll("#claims .document")) {
      part.hidden = !part.querySelector(".part:not([hidden])");
    }
    filtered = some;
    document.getElementById("claims").classList.toggle("filtered", some);
    const named = active.map(([key, value]) => `${key} “${value}”`).join(", ");
    shown.textContent = some
      ? `${visible.size} of ${claims.length} claims shown: ${named}.`
      : `${claims.length} claims, in groups that open.`;
    shown.classList.toggle("filtered", some);
    if (remember) {
      const query = new URLSearchParams(active).toString();
      try {
        history.replaceState(null, "", `${query ? `?${query}` : location.pathname}#claims`);
      } catch {
        // Some browsers refuse this for local files; the filter works all the same.
      }
    }
  }
  function restore(query) {
    const parameters = new URLSearchParams(query);
    for (const key of ["text", ...keys]) form.elements[key].value = parameters.get(key) ?? "";
    apply(false);
  }

  form.addEventListener("input", () => apply(true));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => apply(true)));
  for (const link of document.querySelectorAll("a[data-filter]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      restore(new URL(link.href).search);
      apply(true);
      document.getElementById("claims").scrollIntoView();
      search.focus({ preventScroll: true });
    });
  }
  unfold.addEventListener("click", () => {
    const all = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(all));
    unfold.textContent = all ? "Close all" : "Open all";
    for (const part of parts) part.open = all;
  });

  // Ctrl K (or Cmd K) to the search; on a claim, the arrows go to the next and the one before.
  const summaries = () => [...document.querySelectorAll(".part > summary, .claim > details > summary")];
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      form.reset();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!event.target.matches?.(".part > summary, .claim > details > summary")) return;
      const all = summaries().filter((one) => one.checkVisibility());
      const next = all[all.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
      if (!next) return;
      event.preventDefault();
      next.focus();
    }
  });
  restore(location.search);
  reveal("instant");
})();
