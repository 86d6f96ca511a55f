// The studio: plays words, puts values in, and lets no page be left while what was typed is on its way.

const ours = (node) => node instanceof Element && node.closest("#step-form");

// --- What was typed is kept by htmx; who leaves waits for that ------------------------------------

let dirty = false;
let onTheWay = 0;
let leave = null;

const mustWait = () => dirty || onTheWay > 0;
const show = () => document.getElementById("step-form")?.toggleAttribute("data-keeping", mustWait());

function flush(then) {
  leave = then;
  if (dirty && onTheWay === 0) htmx.trigger("#step-form", "keep");
}

for (const kind of ["input", "change"]) {
  document.addEventListener(
    kind,
    (event) => {
      if (!ours(event.target)) return;
      if (event.target.matches("[data-plain]")) event.stopPropagation(); // not for htmx: it has a button of its own
      else if (event.target.form?.hasAttribute("hx-post")) dirty = true;
      show();
      if (kind === "change" && event.target.name === "kind") document.getElementById("do-kind").click();
    },
    true,
  );
}
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!ours(event.target)) return;
  dirty = false;
  onTheWay += 1;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.target.closest?.("#step-form") && event.target.id !== "step-form") return;
  onTheWay = Math.max(0, onTheWay - 1);
  show();
  if (!leave || onTheWay > 0) return;
  if (dirty) htmx.trigger("#step-form", "keep");
  else {
    const then = leave;
    leave = null;
    then();
  }
});
document.addEventListener(
  "submit",
  (event) => {
    const { target, submitter } = event;
    if (!target.closest(".studio")) return;
    if (target.elements.revision) target.elements.revision.value = document.getElementById("revision").value;
    if (!mustWait()) return;
    event.preventDefault();
    event.stopPropagation();
    flush(() => target.requestSubmit(submitter));
  },
  true,
);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || link.hasAttribute("data-play") || event.defaultPrevented) return;
  if (!mustWait() || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  flush(() => location.assign(link.href));
});

// --- Play, put in ---------------------------------------------------------------------------------

const player = new Audio();
let playing = null;

player.addEventListener("ended", () => playing?.removeAttribute("data-playing"));
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-play]");
  if (!button) return;
  event.preventDefault();
  playing?.removeAttribute("data-playing");
  if (playing === button && !player.paused) return player.pause();
  playing = button;
  const play = () => {
    button.setAttribute("data-playing", "");
    button.parentNode.querySelector("[data-why]")?.remove();
    player.src = `${button.getAttribute("href")}&at=${Date.now()}`;
    player.play().catch(() => {
      button.removeAttribute("data-playing");
      if (player.error) sayWhy(player.src, button);
    });
  };
  return mustWait() ? flush(play) : play();
});

let last = null;
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".langbox textarea")) last = event.target;
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-put]");
  if (!button) return;
  const into = last?.isConnected ? last : document.querySelector(".langbox textarea");
  into.setRangeText(`{${button.dataset.put}}`, into.selectionStart, into.selectionEnd, "end");
  into.dispatchEvent(new Event("input", { bubbles: true }));
  into.focus();
});

// --- Record in the browser: the recording becomes the file of the form ----------------------------

const LONGEST_MS = 5 * 60 * 1000;

function recording(button) {
  const form = button.form;
  const said = form.querySelector("[data-recorded]");
  let recorder = null;
  button.hidden = !(window.MediaRecorder && navigator.mediaDevices);
  button.addEventListener("click", async () => {
    if (recorder) return recorder.stop();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const pieces = [];
      const began = performance.now();
      recorder = new MediaRecorder(stream);
      recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
      recorder.addEventListener("stop", () => {
        stream.getTracks().forEach((track) => track.stop());
        const files = new DataTransfer();
        files.items.add(new File(pieces, "recording.webm", { type: recorder.mimeType }));
        form.elements.file.files = files.files;
        said.textContent = `${((performance.now() - began) / 1000).toFixed(1)} s recorded. “Put it in” keeps it.`;
        button.textContent = "Record again";
        recorder = null;
      });
      recorder.start();
      setTimeout(() => recorder?.stop(), LONGEST_MS);
      button.textContent = "Stop";
      said.textContent = "Recording…";
    } catch {
      said.textContent = "The browser gives no microphone. Allow it for this page, or send a file.";
      recorder = null;
    }
    return undefined;
  });
}
document.querySelectorAll("[data-record]").forEach(recording);
