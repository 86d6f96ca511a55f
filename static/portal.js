// Says when a page that changes by itself has lost its connection, and keeps what was typed into a form
// over a new sign-in.

// --- The connection of a live page ---------------------------------------------------------------

const lost = document.getElementById("connection");
const GRACE_MS = 2000; // a connection that is renewed at once is no news
let timer = null;

document.addEventListener("htmx:wsClose", () => {
  timer ??= setTimeout(() => lost.removeAttribute("hidden"), GRACE_MS);
});
document.addEventListener("htmx:wsOpen", () => {
  clearTimeout(timer);
  timer = null;
  lost.setAttribute("hidden", "");
});

// --- Forms: kept in this tab only, from the press on "Save" to the next page --------------------

const KEPT = "kept-form";
const NEVER_KEPT = new Set(["password", "file", "hidden", "submit"]);

const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !NEVER_KEPT.has(field.type));

function giveBack(form, kept) {
  for (const field of fieldsOf(form)) {
    const values = kept[field.name] ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (field.multiple) for (const option of field.options) option.selected = values.includes(option.value);
    else if (values.length) field.value = values[0];
  }
  form.querySelector("[data-given-back]")?.removeAttribute("hidden");
}

for (const form of document.querySelectorAll("form[data-keep]")) {
  form.addEventListener("submit", () => {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (fieldsOf(form).some((field) => field.name === name)) (fields[name] ??= []).push(value);
    }
    sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, fields }));
  });
}

if (document.body.dataset.page !== "login") {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  const form = document.querySelector("form[data-keep]:not([data-refused])");
  if (kept && form && kept.path === location.pathname) giveBack(form, kept.fields);
}

// --- Copying: the button shows where the browser can do it; the text can be marked by hand without --------

for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = "Copied";
  });
}

// Why something can't be heard: the reply is a sentence where it is no audio. It stands behind the player.
async function sayWhy(url, place) {
  const reply = await fetch(url).catch(() => null);
  const why = reply === null ? "The server can't be reached." : reply.ok ? "" : await reply.text();
  let said = place.parentNode.querySelector("[data-why]");
  if (!said) {
    said = document.createElement("span");
    said.className = "tiny";
    said.dataset.why = "";
    said.setAttribute("role", "alert");
    place.after(said);
  }
  said.textContent = reply?.status === 404 ? "This can't be heard." : why;
}
document.addEventListener(
  "error",
  (event) => {
    if (event.target.matches?.("audio[data-hear]")) sayWhy(event.target.src, event.target);
  },
  true,
);
document.addEventListener("play", (event) => event.target.parentNode?.querySelector?.("[data-why]")?.remove(), true);
