// The theme somebody chose, before the first paint. Where nobody did, the system's choice holds.
"use strict";
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch { /* Storage may be shut: then the system's choice holds. */ }
