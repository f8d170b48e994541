// @ts-check
// Light or dark: the choice made here, else the system's. Loaded before anything is drawn, so that nothing flashes.

(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  function stored() {
    try {
      return localStorage.getItem("msgflo-theme");
    } catch {
      return null; // a browser without storage
    }
  }

  function apply() {
    const chosen = stored();
    root.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
  }

  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  apply();
})();
