// The sound of a call in the browser's audio thread: the microphone becomes frames of 20 ms (8 kHz, 16 bits),
// and what is received is played in order. A mark is returned when all before it has been played, or dropped.

const RATE = 8000;
const FRAME = 160;
const LEVELS_EVERY = RATE / 10;
const FULL = 32768;
const CUT_OFF = 3400; // Hz: what 8 kHz can't hold would come back as another tone

class LowPass {
  constructor() {
    const w = (2 * Math.PI * CUT_OFF) / sampleRate;
    const alpha = Math.sin(w) * Math.SQRT1_2;
    const a0 = 1 + alpha;
    this.b = (1 - Math.cos(w)) / 2 / a0;
    this.a1 = (-2 * Math.cos(w)) / a0;
    this.a2 = (1 - alpha) / a0;
    this.x1 = this.x2 = this.y1 = this.y2 = 0;
  }

  next(x) {
    const y = this.b * (x + 2 * this.x1 + this.x2) - this.a1 * this.y1 - this.a2 * this.y2;
    this.x2 = this.x1;
    this.x1 = x;
    this.y2 = this.y1;
    this.y1 = y;
    return y;
  }
}

class PhoneLine extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = RATE / sampleRate;
    this.filters = [new LowPass(), new LowPass()];
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    this.queue = [];
    this.position = 0;
    this.phase = 0;
    this.before = 0;
    this.now = 0;
    this.heard = { you: 0, dialogue: 0, samples: 0 };
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take({ samples, mark, clear }) {
    if (samples) this.queue.push({ samples });
    if (mark !== undefined) this.queue.push({ mark });
    if (!clear) return;
    for (const piece of this.queue) if (piece.mark !== undefined) this.port.postMessage({ mark: piece.mark });
    this.queue = [];
    this.position = 0;
  }

  // The next sample to play at 8 kHz; 0 where nothing waits.
  following() {
    while (this.queue.length) {
      const [{ samples, mark }] = this.queue;
      if (samples && this.position < samples.length) return samples[this.position++] / FULL;
      this.queue.shift();
      this.position = 0;
      if (mark !== undefined) this.port.postMessage({ mark });
    }
    return 0;
  }

  keep(sample) {
    this.frame[this.filled++] = Math.max(-1, Math.min(1, sample)) * (FULL - 1);
    this.heard.you += sample * sample;
    this.heard.samples += 1;
    if (this.filled === FRAME) {
      this.port.postMessage({ frame: this.frame.buffer }, [this.frame.buffer]);
      this.frame = new Int16Array(FRAME);
      this.filled = 0;
    }
    if (this.heard.samples < LEVELS_EVERY) return;
    const level = (sum) => Math.sqrt(sum / this.heard.samples);
    this.port.postMessage({
      levels: { you: level(this.heard.you), dialogue: level(this.heard.dialogue) },
      playing: this.queue.some(({ samples }) => samples),
    });
    this.heard = { you: 0, dialogue: 0, samples: 0 };
  }

  process([input], [output]) {
    const microphone = input[0];
    const [speaker] = output;
    for (let at = 0; at < speaker.length; at += 1) {
      const filtered = this.filters.reduce((sample, filter) => filter.next(sample), microphone?.[at] ?? 0);
      this.phase += this.step;
      if (this.phase >= 1) {
        this.phase -= 1;
        this.before = this.now;
        this.now = this.following();
        this.heard.dialogue += this.now * this.now;
        this.keep(filtered);
      }
      speaker[at] = this.before + (this.now - this.before) * this.phase;
    }
    return true;
  }
}

registerProcessor("phone-line", PhoneLine);
