// A recording in a page of its own, with a slider and a button that plays it. Stands below live.js in one script.

async function unzip(base64) {
  const zipped = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function play(parent, zippedLayers, zippedRecording) {
  const layers = await unzip(zippedLayers);
  const recording = unpack(await unzip(zippedRecording));
  const { alts, description, labels, interval } = recording.header;
  const frames = split(recording, recording.header.frames);
  const figure = element("div");
  const stage = new Stage(figure);
  const slider = element("input", { type: "range", min: 0, max: frames.length - 1, value: 0, ariaLabel: description });
  const label = element("output");
  const button = element("button", { type: "button", textContent: "Play" });
  let timer = null;

  const show = (index) => {
    slider.value = index;
    slider.ariaValueText = labels[index];
    label.textContent = labels[index];
    stage.describe(alts[index]);
    stage.show(frames[index]);
  };
  const pause = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  };
  button.onclick = () => {
    if (timer !== null) return pause();
    button.textContent = "Pause";
    timer = setInterval(() => show((Number(slider.value) + 1) % frames.length), interval);
  };
  slider.oninput = () => {
    pause();
    show(Number(slider.value));
  };
  slider.style.width = "20em";

  show(0);
  await stage.setLayers(layers);
  parent.replaceChildren(figure);
  if (frames.length > 1) {
    const controls = element("p");
    controls.append(button, " ", description, " ", slider, " ", label);
    parent.prepend(controls);
  }
}
