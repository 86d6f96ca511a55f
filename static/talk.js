// Talks to a draft: the browser is the phone and speaks the platform's stream (docs/stream.md) to our server.

const form = document.getElementById("talk");
const card = document.getElementById("line");
const said = (name) => card.querySelector(`[data-said="${name}"]`);
const MOST_LINES = 200;
const REFUSED = "The connection was refused. The draft may have been changed, or too many drafts are tried at once. Talk again.";

let call = null;

const seconds = (ms) => (ms / 1000).toFixed(1);
const say = (name, text) => {
  said(name).textContent = text;
};

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function textOf(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}

// --- One call -------------------------------------------------------------------------------------

class Call {
  constructor(line, microphone, context) {
    this.line = line;
    this.microphone = microphone;
    this.context = context;
    this.number = 0;
    this.chunk = 0;
    this.counts = { sent: 0, received: 0, asked: 0, returned: 0 };
    this.since = { sent: 0, received: 0 };
    this.lines = [];
    this.playing = false;
    this.keyAt = null;
    this.line.port.onmessage = ({ data }) => this.heard(data);
  }

  connect({ address, call: id }) {
    this.id = id;
    this.socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${address}`);
    this.socket.addEventListener("open", () => this.begin());
    this.socket.addEventListener("message", ({ data }) => this.receive(JSON.parse(data)));
    this.socket.addEventListener("close", ({ code }) => this.over(code));
  }

  get isOpen() {
    return this.began !== undefined && this.socket.readyState === WebSocket.OPEN;
  }

  send(event, body) {
    this.number += 1;
    const frame = { event, sequence_number: this.number, stream_sid: this.id, [event]: body };
    this.socket.send(JSON.stringify(frame));
  }

  begin() {
    this.socket.send(JSON.stringify({ event: "connected" }));
    this.send("start", {
      stream_sid: this.id,
      call_sid: this.id,
      media_format: { encoding: "base64", sample_rate: 8000, bit_rate: "" },
      custom_parameters: {},
    });
    this.began = performance.now();
    this.tell("←", "start");
    card.dataset.state = "live";
    watch(this.id);
  }

  heard({ frame, mark, levels, playing }) {
    if (levels) {
      this.playing = playing;
      this.show(levels);
    }
    if (!this.isOpen) return;
    if (mark !== undefined) {
      this.counts.returned += 1;
      this.tell("←", `mark ${mark}, played`);
      this.send("mark", { name: mark });
    }
    if (frame) {
      this.counts.sent += 1;
      this.since.sent += 1;
      this.chunk += 1;
      this.send("media", {
        chunk: this.chunk,
        timestamp: String(Math.round(performance.now() - this.began)),
        payload: textOf(frame),
      });
    }
  }

  receive({ event, media, mark }) {
    const now = performance.now();
    if (event === "media") {
      this.counts.received += 1;
      this.since.received += 1;
      const bytes = bytesOf(media.payload);
      this.line.port.postMessage({ samples: new Int16Array(bytes.buffer) });
      if (this.first === undefined) {
        this.first = now - this.began;
        say("first", `${Math.round(this.first)} ms`);
      }
      if (this.keyAt !== null && !this.mustClear) {
        say("silent", `${Math.round(now - this.keyAt)} ms`);
        this.keyAt = null;
      }
    } else if (event === "mark") {
      this.counts.asked += 1;
      this.tell("→", `mark ${mark.name}`);
      this.line.port.postMessage({ mark: mark.name });
    } else if (event === "clear") {
      this.mustClear = false;
      this.tell("→", "clear");
      this.line.port.postMessage({ clear: true });
    }
  }

  press(digit) {
    if (!this.isOpen) return;
    this.keyAt = performance.now();
    this.mustClear = this.playing; // what still plays is dropped first
    this.tell("←", `key ${digit}`);
    this.send("dtmf", { digit });
  }

  hangUp() {
    if (!this.isOpen) return this.socket.close();
    this.tell("←", "stop");
    this.send("stop", { call_sid: this.id, reason: "hung up" });
    setTimeout(() => this.socket.close(), 1000);
    return undefined;
  }

  over() {
    const began = this.began !== undefined;
    this.microphone?.getTracks().forEach((track) => track.stop());
    this.context.close();
    say("state", began ? `The call is over after ${seconds(performance.now() - this.began)} s.` : REFUSED);
    this.tell("", "closed");
    card.dataset.state = "over";
    if (call === this) call = null;
    show();
  }

  tell(way, text) {
    const at = seconds(performance.now() - (this.began ?? performance.now()));
    for (const [name, arrow] of [["received", "→"], ["sent", "←"]]) {
      if (this.since[name]) this.lines.push(`${at}  ${arrow}  media ×${this.since[name]}`);
      this.since[name] = 0;
    }
    this.lines.push(`${at}  ${way}  ${text}`);
    this.lines = this.lines.slice(-MOST_LINES);
    say("messages", this.lines.join("\n"));
  }

  show({ you, dialogue }) {
    if (this.began === undefined) return;
    const { sent, received, asked, returned } = this.counts;
    if (this.isOpen) say("state", `Talking ${seconds(performance.now() - this.began)} s`);
    said("you").value = you;
    said("dialogue").value = dialogue;
    say("frames", `${sent} in, ${received} out`);
    say("marks", `${returned} of ${asked} returned`);
  }
}

// --- The page -------------------------------------------------------------------------------------

function show() {
  form.querySelector("[data-begin]").disabled = call !== null;
  for (const button of card.querySelectorAll("[data-live]")) button.disabled = call === null;
}

// What is logged of the call comes by the same connection as on the page of a call.
function watch(id) {
  const place = document.getElementById("log");
  const empty = document.getElementById("empty-log");
  if (!place) return;
  const fresh = empty.content.firstElementChild.cloneNode(true);
  fresh.setAttribute("ws-connect", `/live/calls/${id}/`);
  place.replaceChildren(fresh);
  htmx.process(fresh);
}

async function microphone() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    say("microphone", "");
    return stream;
  } catch {
    say("microphone", "The browser gives no microphone: the dialogue hears your keys only. Allow it for this page to talk.");
    return null;
  }
}

async function ticket() {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (answer.ok) return answer.json();
  const { refused } = answer.status === 409 ? await answer.json() : { refused: "You may not talk to this draft, or you were signed out." };
  throw new Error(refused);
}

async function begin() {
  const context = new AudioContext();
  try {
    await context.audioWorklet.addModule(form.dataset.audio);
    const stream = await microphone();
    await context.resume();
    const line = new AudioWorkletNode(context, "phone-line", { outputChannelCount: [1] });
    if (stream) context.createMediaStreamSource(stream).connect(line);
    line.connect(context.destination);
    call = new Call(line, stream, context);
    call.connect(await ticket());
  } catch (error) {
    call?.microphone?.getTracks().forEach((track) => track.stop());
    call = null;
    context.close();
    say("state", error.message);
  }
  show();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (call) return;
  form.querySelector("[data-begin]").disabled = true;
  for (const name of ["first", "silent", "frames", "marks", "messages"]) say(name, "");
  say("state", "Connecting…");
  begin();
});
card.addEventListener("click", ({ target }) => {
  if (target.closest("[data-hang-up]")) call?.hangUp();
  const digit = target.closest("[data-key]")?.dataset.key;
  if (digit) call?.press(digit);
});
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) return;
  if (/^[0-9*#]$/.test(event.key)) call?.press(event.key);
});
show();
