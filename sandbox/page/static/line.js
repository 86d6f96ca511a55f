// The audio thread: frames of 20 ms out of the microphone, and what the agent says into the loudspeaker.
const FRAME = 160;
const MOST_WAITING = 50; // frames; a page that was held up does not play what is long past

class Line extends AudioWorkletProcessor {
  constructor() {
    super();
    this.spoken = new Int16Array(FRAME);
    this.filled = 0;
    this.waiting = [];
    this.at = 0;
    this.port.onmessage = ({ data }) => {
      this.waiting.push(new Int16Array(data));
      if (this.waiting.length > MOST_WAITING) this.waiting.shift();
    };
  }

  process([[microphone]], [[loudspeaker]]) {
    for (const sample of microphone ?? []) this.take(sample);
    for (let n = 0; n < loudspeaker.length; n++) loudspeaker[n] = this.next() / 32768;
    return true;
  }

  take(sample) {
    this.spoken[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
    if (this.filled < FRAME) return;
    const frame = this.spoken.slice();
    this.port.postMessage(frame.buffer, [frame.buffer]);
    this.filled = 0;
  }

  next() {
    if (this.waiting.length === 0) return 0;
    const sample = this.waiting[0][this.at++];
    if (this.at === this.waiting[0].length) {
      this.waiting.shift();
      this.at = 0;
    }
    return sample;
  }
}

registerProcessor("line", Line);
