// Records sound, or takes a sound file, and hands its bytes to the kernel. Nothing is written to disk.

const RATE = 8000; // samples a second, the course's
const LARGEST = 8e6; // bytes of a file: the connection to the kernel closes at 10 MB
// Filters that are made for telephone calls take parts of words away.
const UNPROCESSED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

// A WAV file of one channel, 32-bit floating point.
function wav(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + 4 * samples.length));
  const write = (place, text) => [...text].forEach((letter, i) => bytes.setUint8(place + i, letter.charCodeAt(0)));
  write(0, "RIFF");
  bytes.setUint32(4, 36 + 4 * samples.length, true);
  write(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); // bytes of the format
  bytes.setUint16(20, 3, true); // floating point
  bytes.setUint16(22, 1, true); // channels
  bytes.setUint32(24, RATE, true);
  bytes.setUint32(28, 4 * RATE, true); // bytes a second
  bytes.setUint16(32, 4, true); // bytes of a sample in all channels
  bytes.setUint16(34, 32, true); // bits of a sample
  write(36, "data");
  bytes.setUint32(40, 4 * samples.length, true);
  samples.forEach((sample, i) => bytes.setFloat32(44 + 4 * i, sample, true));
  return bytes.buffer;
}

async function decoded(blob) {
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
  return wav(sound.getChannelData(0));
}

function render({ model, el }) {
  const record = document.createElement("button");
  const file = document.createElement("input");
  const status = document.createElement("span");
  const label = document.createElement("label");
  record.type = "button";
  record.textContent = "Record";
  record.className = "jupyter-button widget-button rnn-lab-record";
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("description"));
  file.type = "file";
  file.accept = "audio/*,.wav,.flac,.ogg,.mp3";
  label.append("or a sound file: ", file);
  status.setAttribute("role", "status");
  el.append(record, " ", label, " ", status);

  const hand = (buffer) => model.send({}, undefined, [buffer]);
  let recorder = null;
  let timer = null;
  let gone = false; // the cell was run again or closed: what is being said is nobody's business

  async function begin() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: UNPROCESSED });
    if (gone) return stream.getTracks().forEach((track) => track.stop());
    const parts = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = async () => {
      clearTimeout(timer);
      stream.getTracks().forEach((track) => track.stop());
      recorder = null;
      if (gone) return;
      record.textContent = "Record";
      try {
        hand(await decoded(new Blob(parts)));
        status.textContent = "";
      } catch (error) {
        status.textContent = `The recording could not be read: ${error.message}`;
      }
    };
    recorder.start();
    record.textContent = "Stop";
    status.textContent = "Speak, then press Stop.";
    timer = setTimeout(() => recorder?.stop(), 1000 * model.get("longest"));
  }

  record.onclick = async () => {
    if (recorder) return recorder.stop();
    record.disabled = true; // until the browser has asked for permission
    try {
      await begin();
    } catch (error) {
      status.textContent = `No microphone: ${error.message}. A sound file will do as well.`;
    }
    record.disabled = false;
  };
  file.onchange = async () => {
    const [chosen] = file.files;
    if (chosen?.size > LARGEST) {
      status.textContent = `The file has ${Math.ceil(chosen.size / 1e6)} MB; choose one of 8 MB at most.`;
    } else if (chosen) {
      status.textContent = chosen.size ? "" : "The file is empty; choose a recording.";
      if (chosen.size) hand(await chosen.arrayBuffer());
    }
    file.value = "";
  };
  return () => {
    gone = true;
    recorder?.stop();
  };
}

export default { render };
