// The page's side of LiveFigure: paints layers (pictures of what stands still) and frames (drawing operations of what
// moves) on a canvas. `render` is the widget's view in a notebook; player.js shows a recording in a page of its own.

// ---- Messages: uint32 length of the header, the header as JSON, the body (see message.py)

function unpack(view) {
  let bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (bytes.byteOffset % 4) bytes = bytes.slice(); // typed arrays over the body must be aligned
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { header, buffer: bytes.buffer, start: bytes.byteOffset + 4 + length };
}

function split({ buffer, start }, lengths) {
  let end = start;
  return lengths.map((length) => new Uint8Array(buffer, (end += length) - length, length));
}

// Reads one array after the other from a message's body; each is padded to a multiple of four bytes (see recorder.py).
class Reader {
  constructor(message, at) {
    this.buffer = message.buffer;
    this.position = message.start + at;
  }
  take(Type, length) {
    const array = new Type(this.buffer, this.position, length);
    this.position += (array.byteLength + 3) & ~3;
    return array;
  }
}

// ---- Paths

const MOVE_TO = 1, LINE_TO = 2, QUADRATIC = 3, CUBIC = 4, CLOSE = 79; // matplotlib's codes

// Adds points first ... first + count to the context's path, transformed by [a, b, c, d, e, f] as in a canvas.
function trace(context, points, codes, first, count, [a, b, c, d, e, f] = [1, 0, 0, 1, 0, 0]) {
  const x = (i) => a * points[2 * i] + c * points[2 * i + 1] + e;
  const y = (i) => b * points[2 * i] + d * points[2 * i + 1] + f;
  let penUp = true;
  for (let i = first; i < first + count; i++) {
    const px = x(i), py = y(i);
    if (codes[i] === CLOSE) {
      context.closePath();
    } else if (!(isFinite(px) && isFinite(py))) {
      penUp = true; // a missing value leaves a gap
    } else if (codes[i] === MOVE_TO || penUp) {
      context.moveTo(px, py);
      penUp = false;
    } else if (codes[i] === LINE_TO) {
      context.lineTo(px, py);
    } else if (codes[i] === QUADRATIC) {
      context.quadraticCurveTo(px, py, x(i + 1), y(i + 1));
      i += 1;
    } else if (codes[i] === CUBIC) {
      context.bezierCurveTo(px, py, x(i + 1), y(i + 1), x(i + 2), y(i + 2));
      i += 2;
    }
  }
}

function applyStyle(context, style) {
  context.fillStyle = style.fill || "#000";
  context.strokeStyle = style.stroke || "#000";
  context.lineWidth = style.width;
  context.setLineDash(style.dashes);
  context.lineDashOffset = style.dashOffset;
  context.lineCap = style.cap;
  context.lineJoin = style.join;
  context.miterLimit = 4; // Agg's
}

function applyClip(context, clip) {
  context.restore(); // a clip can only be taken back with all the rest
  context.save();
  if (clip?.rectangle) {
    context.beginPath();
    context.rect(...clip.rectangle);
    context.clip();
  }
  if (clip?.codes) {
    context.beginPath();
    trace(context, clip.vertices, clip.codes, 0, clip.codes.length);
    context.clip();
  }
}

function fillAndStroke(context, style) {
  if (style.fill) context.fill();
  if (style.stroke) context.stroke();
}

function drawPath(context, operation, style, reader) {
  applyStyle(context, style);
  const points = reader.take(Float32Array, 2 * operation.length);
  const codes = reader.take(Uint8Array, operation.length);
  context.beginPath();
  trace(context, points, codes, 0, operation.length);
  fillAndStroke(context, style);
}

function drawMarkers(context, operation, style, reader) {
  applyStyle(context, style);
  const points = reader.take(Float32Array, 2 * operation.length);
  const codes = reader.take(Uint8Array, operation.length);
  const places = reader.take(Float32Array, 2 * operation.count);
  for (let i = 0; i < operation.count; i++) {
    context.beginPath();
    trace(context, points, codes, 0, operation.length, [1, 0, 0, 1, places[2 * i], places[2 * i + 1]]);
    fillAndStroke(context, style);
  }
}

const cssColour = (rgba, i) => `rgba(${rgba[i]},${rgba[i + 1]},${rgba[i + 2]},${rgba[i + 3] / 255})`;

// Item i has the i-th path, matrix, face, edge and width; each list starts again where it ends.
function drawCollection(context, operation, style, reader) {
  applyStyle(context, style);
  const points = reader.take(Float32Array, 2 * operation.length);
  const codes = reader.take(Uint8Array, operation.length);
  const lengths = reader.take(Uint32Array, operation.paths);
  const matrices = reader.take(Float32Array, 6 * operation.count);
  const faces = reader.take(Uint8Array, 4 * operation.faces);
  const edges = reader.take(Uint8Array, 4 * operation.edges);
  const widths = reader.take(Float32Array, operation.widths);
  const starts = new Uint32Array(operation.paths);
  for (let i = 1; i < operation.paths; i++) starts[i] = starts[i - 1] + lengths[i - 1];
  for (let i = 0; i < operation.count; i++) {
    const path = i % operation.paths;
    context.beginPath();
    trace(context, points, codes, starts[path], lengths[path], matrices.subarray(6 * i, 6 * i + 6));
    if (operation.faces) {
      context.fillStyle = cssColour(faces, 4 * (i % operation.faces));
      context.fill();
    }
    if (operation.edges && widths[i % operation.widths]) {
      context.strokeStyle = cssColour(edges, 4 * (i % operation.edges));
      context.lineWidth = widths[i % operation.widths];
      context.stroke();
    }
  }
}

// ---- Pixels

const newContext = (options) => document.createElement("canvas").getContext("2d", options);
const imagePad = newContext({ willReadFrequently: true }); // one scratch canvas for images and one for texts, as the
const textPad = newContext({ willReadFrequently: true }); // texts of a frame must outlast its images

// Puts pixels on a scratch canvas, from where they can be drawn with clipping and alpha.
function putPixels(pad, width, height, fill) {
  const canvas = pad.canvas;
  if (canvas.width < width) canvas.width = width;
  if (canvas.height < height) canvas.height = height;
  const image = pad.createImageData(width, height);
  fill(new Uint32Array(image.data.buffer));
  pad.putImageData(image, 0, 0);
  return canvas;
}

const NUDGE = 1 / 1024; // of a cell: a pixel whose middle is the border of two shows the second, as in Agg

// Lets the browser enlarge the cells. The outermost ones stand there twice: a pixel at the border is covered whole.
function drawImage(context, operation, style, reader) {
  const { rows, columns, seen, box } = operation;
  const [left, top, across, down] = box; // negative where an axis is inverted
  const colours = reader.take(Uint32Array, operation.colours);
  const cells = reader.take(colours.length ? Uint8Array : Uint32Array, rows * columns);
  const canvas = putPixels(imagePad, columns + 2, rows + 2, (pixels) => {
    for (let j = 0, pixel = 0; j < rows + 2; j++) {
      const row = Math.max(0, Math.min(rows - 1, j - 1)) * columns;
      for (let i = 0; i < columns + 2; i++, pixel++) {
        const cell = cells[row + Math.max(0, Math.min(columns - 1, i - 1))];
        pixels[pixel] = colours.length ? colours[cell] : cell;
      }
    }
  });
  context.save();
  context.beginPath();
  context.rect(...seen);
  context.clip();
  context.translate(left, top);
  context.scale(across / columns, down / rows);
  context.imageSmoothingEnabled = false;
  context.globalAlpha = operation.alpha;
  context.drawImage(canvas, 0, 0, columns + 2, rows + 2, -1 - NUDGE, -1 - NUDGE, columns + 2, rows + 2);
  context.restore();
}

// Sets all texts of a frame below one another on the scratch canvas: one transfer of pixels instead of one each.
function typeset(message) {
  const texts = message.header.operations.filter((operation) => operation.kind === "text");
  const width = Math.max(...texts.map((text) => text.columns));
  const tops = new Map();
  let height = 0;
  for (const text of texts) {
    tops.set(text, height);
    height += text.rows;
  }
  const canvas = putPixels(textPad, width, height, (pixels) => {
    for (const text of texts) {
      const mask = new Reader(message, text.at).take(Uint8Array, text.rows * text.columns);
      const [red, green, blue, alpha] = text.colour;
      const colour = red | (green << 8) | (blue << 16);
      for (let j = 0, i = 0; j < text.rows; j++) {
        const row = (tops.get(text) + j) * width;
        for (let k = 0; k < text.columns; k++, i++) {
          pixels[row + k] = colour | (Math.round((mask[i] * alpha) / 255) << 24);
        }
      }
    }
  });
  return { canvas, tops };
}

function drawText(context, text, { canvas, tops }) {
  const { x, y, columns, rows } = text;
  context.drawImage(canvas, 0, tops.get(text), columns, rows, x, y, columns, rows);
}

// ---- A frame

const DRAW = { path: drawPath, markers: drawMarkers, collection: drawCollection, image: drawImage };

function paint(context, message, layers) {
  const style = {}; // an operation carries only what differs from the one before
  const remaining = [...layers];
  let sheet = null;
  context.save();
  for (const operation of message.header.operations) {
    Object.assign(style, operation);
    if ("clip" in operation) applyClip(context, operation.clip);
    if (operation.kind === "layer") {
      const layer = remaining.shift();
      if (layer?.bitmap) context.drawImage(layer.bitmap, layer.x, layer.y);
    } else if (operation.kind === "text") {
      drawText(context, operation, (sheet ??= typeset(message)));
    } else {
      DRAW[operation.kind](context, operation, style, new Reader(message, operation.at));
    }
  }
  context.restore();
}

// ---- The canvas

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

class Stage {
  constructor(parent) {
    this.canvas = element("canvas", { className: "rnn-lab-live", role: "img" }); // output.py's style knows the class
    this.canvas.style.cssText = "display: block; max-width: 100%; height: auto";
    this.context = this.canvas.getContext("2d");
    this.parent = parent;
    this.newest = null; // the message of the layers that are shown or being decoded
    this.layers = null; // null while they are decoded: the picture before them stays until then
    this.frame = null;
  }

  async setLayers(bytes) {
    this.layers = null;
    this.newest = bytes;
    const message = unpack(bytes);
    const { width, height, pixelRatio, layers } = message.header;
    const files = split(message, layers.map((layer) => layer.length));
    const decode = (file) => (file.length ? createImageBitmap(new Blob([file], { type: "image/png" })) : null);
    const bitmaps = await Promise.all(files.map(decode));
    if (this.newest !== bytes) return;
    this.layers = layers.map((layer, i) => ({ ...layer, bitmap: bitmaps[i] }));
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.canvas.style.width = `${width / pixelRatio}px`;
    this.show(this.frame);
  }

  show(bytes) {
    this.frame = bytes;
    if (!this.layers || !bytes) return;
    paint(this.context, unpack(bytes), this.layers);
    if (!this.canvas.parentNode) this.parent.prepend(this.canvas); // not before there is something to see
  }

  describe(text) {
    this.canvas.ariaLabel = text;
  }
}

// ---- The widget's view

const SHARPEST = 4; // canvas pixels for each of the page's, at most

function render({ model, el }) {
  const stage = new Stage(el);
  const alert = element("div", { role: "alert" });
  const summary = element("strong");
  const details = element("pre");
  alert.style.cssText = "color: #b00020; margin: 0.5em 0; max-width: 60em";
  details.style.cssText = "white-space: pre-wrap; margin: 0; font-size: 85%";
  alert.append(summary, details);
  el.append(alert);

  let frames = []; // of the recording, if there is one
  let alts = [];
  const show = () => {
    const index = model.get("index");
    stage.describe(alts[index] ?? model.get("alt"));
    stage.show(frames[index] ?? model.get("frame"));
  };
  const showSoon = () => queueMicrotask(show); // when all changes of one message are in: layers and frame swap together
  const setLayers = () => stage.setLayers(model.get("layers"));
  const setRecording = () => {
    if (!model.get("recording").byteLength) return;
    const recording = unpack(model.get("recording"));
    frames = split(recording, recording.header.frames);
    alts = recording.header.alts;
    showSoon();
  };
  const setError = () => {
    const [first, ...rest] = model.get("error").split("\n");
    summary.textContent = first;
    details.textContent = rest.join("\n");
  };
  const listeners = { layers: setLayers, recording: setRecording, error: setError };
  for (const name of ["frame", "index", "alt"]) listeners[name] = showSoon;

  // Another screen or page zoom: ask for a backdrop of that sharpness. A recording keeps its own.
  let zoom = null;
  const followZoom = () => {
    zoom?.removeEventListener("change", followZoom);
    zoom = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    zoom.addEventListener("change", followZoom);
    const ratio = Math.min(devicePixelRatio, SHARPEST);
    if (model.get("index") < 0 && model.get("pixel_ratio") !== ratio) {
      model.set("pixel_ratio", ratio);
      model.save_changes();
    }
  };

  for (const [name, listener] of Object.entries(listeners)) {
    model.on(`change:${name}`, listener);
    listener();
  }
  followZoom();
  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(`change:${name}`, listener);
    zoom.removeEventListener("change", followZoom);
  };
}

export default { render };
