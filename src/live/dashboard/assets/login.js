// Signing in: one field, one answer, and the way to the dashboard.
"use strict";
const form = document.getElementById("form");
const field = document.getElementById("token");
const said = document.getElementById("said");

function say(text) {
  said.textContent = text;
  field.setAttribute("aria-invalid", text ? "true" : "false");
}

// Why the last session ended, told once.
try {
  const ended = sessionStorage.getItem("ended");
  if (ended) said.textContent = ended;
  sessionStorage.removeItem("ended");
} catch { /* Without storage nothing is told. */ }

// A link from elsewhere brings no cookie along; from here it goes with the request.
fetch("/", { method: "HEAD", redirect: "manual" }).then((answer) => { if (answer.ok) location.replace("/"); }, () => {});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token: field.value }),
    });
    if (answer.ok) {
      location.replace("/");
      return;
    }
    const body = await answer.json().catch(() => ({}));
    say(body.error || `The dashboard answered ${answer.status}.`);
  } catch {
    say("The dashboard does not answer. Is the session running?");
  } finally {
    button.disabled = false;
  }
  field.value = "";
  field.focus();
});
