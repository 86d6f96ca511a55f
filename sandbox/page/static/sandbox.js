// The sandbox's page: refreshes the board, moves the meters, works the switches, telephones.
import { Telephone } from "/telephone.js";

const BOARD_MS = 2000;
const METERS_MS = 200;
const byId = (id) => document.getElementById(id);

/** Ask again and again, never twice at once; a sandbox that is away is asked on. */
async function every(milliseconds, ask) {
  for (;;) {
    await ask().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

async function refreshBoard() {
  const reply = await fetch("/sandbox/board");
  if (reply.ok) byId("board").innerHTML = await reply.text();
  await moveMeters();
}

async function moveMeters() {
  if (document.hidden || !document.querySelector("[data-call]")) return;
  const levels = await (await fetch("/sandbox/levels")).json();
  for (const row of document.querySelectorAll("[data-call]")) {
    const level = levels[row.dataset.call] ?? { heard: 0, said: 0 };
    for (const meter of row.querySelectorAll("meter")) meter.value = level[meter.dataset.meter];
  }
}

/** The form as the control API takes it: nothing for what is empty, numbers as numbers. */
function bodyOf(form) {
  const fields = [...form.elements].filter((field) => field.name && field.value !== "");
  return Object.fromEntries(
    fields.map((field) => [field.name, field.type === "number" ? Number(field.value) : field.value]),
  );
}

const sentence = (refusal) => Object.values(refusal).flat().join(" ");

async function post(form) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(bodyOf(form));
  const reply = await fetch(form.dataset.post, { method: "POST", headers, body });
  form.querySelector("output").textContent = reply.ok ? "Done." : sentence(await reply.json());
  await Promise.all([refreshBoard(), listSwitches()]);
}

async function listSwitches() {
  const rows = [];
  for (const kind of ["faults", "line-faults"]) {
    for (const on of await (await fetch(`/sandbox/${kind}`)).json()) {
      const where = on.operation ?? "line";
      const what = on.behaviour || on.script.join(", ");
      const left = on.remaining === null ? "" : `, ${on.remaining} left`;
      rows.push(`${where}: ${what} (seen ${on.seen}, acted ${on.fired}${left})`);
    }
  }
  byId("switched-on").replaceChildren(
    ...rows.map((row) => Object.assign(document.createElement("li"), { textContent: row })),
  );
  byId("all-off").hidden = rows.length === 0;
}

async function switchAllOff() {
  await Promise.all(["faults", "line-faults"].map((kind) => fetch(`/sandbox/${kind}`, { method: "DELETE" })));
  await listSwitches();
}

function wireTelephone(form) {
  const telephone = new Telephone();
  const keys = [...document.querySelectorAll("[data-key]")];
  const says = byId("telephone-says");
  telephone.onchange = (isTalking, words) => {
    says.textContent = words;
    byId("hang-up").disabled = !isTalking;
    for (const button of [...keys, form.querySelector("[type=submit]")]) {
      button.disabled = button.dataset.key ? !isTalking : isTalking;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    telephone.call(form.elements.to.value);
  });
  byId("hang-up").addEventListener("click", () => telephone.hangUp());
  for (const button of keys) button.addEventListener("click", () => telephone.press(button.dataset.key));
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest("input, select") && /^[0-9*#]$/.test(event.key)) telephone.press(event.key);
  });
}

for (const form of document.querySelectorAll("form[data-post]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    post(form);
  });
}
byId("all-off").addEventListener("click", switchAllOff);
if (byId("telephone-form")) wireTelephone(byId("telephone-form"));
every(BOARD_MS, () => Promise.all([refreshBoard(), listSwitches()]));
every(METERS_MS, moveMeters);
