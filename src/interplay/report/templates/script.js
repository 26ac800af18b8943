// Progressive enhancement only: without this script every claim is shown and every details element still opens.
(() => {
  "use strict";
  const form = document.getElementById("filters");
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const unfold = document.getElementById("unfold");
  const claims = [...document.querySelectorAll(".claim")];
  const keys = ["document", "verdict", "error", "kind"].filter((key) => form.elements[key]);
  const texts = claims.map((claim) => claim.textContent.toLowerCase());
  if (!claims.length) return;
  form.hidden = false;

  const chosen = () => {
    const data = new FormData(form);
    return Object.fromEntries(["text", ...keys].map((key) => [key, String(data.get(key) ?? "").trim()]));
  };

  function apply(remember) {
    const filter = chosen();
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    claims.forEach((claim, index) => {
      const fits = keys.every((key) => !filter[key] || claim.dataset[key] === filter[key]);
      claim.hidden = !(fits && words.every((word) => texts[index].includes(word)));
      count += !claim.hidden;
    });
    for (const part of document.querySelectorAll("#claims .document")) {
      part.hidden = !part.querySelector(".claim:not([hidden])");
    }
    const active = Object.entries(filter).filter(([, value]) => value).map(([key, value]) => `${key} “${value}”`);
    shown.textContent = active.length
      ? `${count} of ${claims.length} claims shown: ${active.join(", ")}.`
      : `${claims.length} claims, all shown.`;
    shown.classList.toggle("filtered", active.length > 0);
    if (remember) {
      const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value)).toString();
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

  function reveal() {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return; // not a name of ours
    }
    if (!target) return;
    if (target.hidden || target.closest("[hidden]")) {
      form.reset();
      apply(false);
    }
    const details = target.closest("details") ?? target.querySelector(":scope > .body > details");
    if (details) details.open = true;
    target.scrollIntoView();
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
    const open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    unfold.textContent = open ? "Close all details" : "Open all details";
    for (const details of document.querySelectorAll(".claim details")) details.open = open;
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      form.reset();
    }
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
  addEventListener("hashchange", reveal);
  restore(location.search);
  reveal();
})();
