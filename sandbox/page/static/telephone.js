// A telephone in the browser: microphone and loudspeaker at 8 kHz, s16le, over one WebSocket.
const RATE = 8000;

export class Telephone {
  /** (isTalking, words): told at every change. */
  onchange = () => undefined;

  async call(to) {
    if (this.context) return;
    this.context = new AudioContext({ sampleRate: RATE });
    this.onchange(true, "Asking for the microphone …");
    try {
      await this.open(to);
    } catch (error) {
      const isForbidden = error.name === "NotAllowedError";
      this.close(isForbidden ? "The browser may not use the microphone." : `No call: ${error.message}`);
    }
  }

  async open(to) {
    const audio = { echoCancellation: true, noiseSuppression: true, channelCount: 1 };
    [this.microphone] = await Promise.all([
      navigator.mediaDevices.getUserMedia({ audio }),
      this.context.audioWorklet.addModule("/line.js"),
    ]);
    this.socket = new WebSocket(`ws://${location.host}/sandbox/telephone?to=${encodeURIComponent(to)}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.onchange(true, "You are connected; speak, or press keys.");
    this.socket.onclose = () => this.close("The call is over.");
    this.join();
  }

  join() {
    const line = new AudioWorkletNode(this.context, "line");
    this.context.createMediaStreamSource(this.microphone).connect(line).connect(this.context.destination);
    line.port.onmessage = ({ data }) => this.socket?.readyState === WebSocket.OPEN && this.socket.send(data);
    this.socket.onmessage = ({ data }) =>
      typeof data === "string" ? this.close(JSON.parse(data).ended) : line.port.postMessage(data, [data]);
  }

  press(key) {
    this.send({ key });
  }

  hangUp() {
    this.send({ hang_up: true });
  }

  send(order) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(order));
  }

  close(words) {
    if (!this.context) return;
    if (this.socket) {
      this.socket.onopen = this.socket.onclose = this.socket.onmessage = null;
      this.socket.close();
    }
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    this.context.close();
    this.socket = this.microphone = this.context = null;
    this.onchange(false, words);
  }
}
