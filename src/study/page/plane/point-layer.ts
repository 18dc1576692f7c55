import type { LineColour, Points, Rgb, Sight } from "./points.ts";

const VERTEX = `#version 300 es
in vec2 place;
in vec4 colour;
uniform vec2 middle;
uniform vec2 scale;
uniform float size;
uniform float faint;
out vec4 shade;
void main() {
  bool isFaint = colour.a < 0.5;
  vec2 at = (place - middle) * scale;
  // Points of the other pass lie outside of everything.
  gl_Position = isFaint == (faint > 0.5) ? vec4(at.x, -at.y, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size;
  shade = colour;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 shade;
uniform float size;
out vec4 drawn;
void main() {
  float edge = (1.0 - 2.0 * distance(gl_PointCoord, vec2(0.5))) * 0.5 * size;
  float alpha = shade.a * clamp(edge + 0.5, 0.0, 1.0);
  if (alpha <= 0.0) discard;
  drawn = vec4(shade.rgb * alpha, alpha);
}`;

const LINE_VERTEX = `#version 300 es
in vec2 place;
uniform vec2 middle;
uniform vec2 scale;
void main() {
  vec2 at = (place - middle) * scale;
  gl_Position = vec4(at.x, -at.y, 0.0, 1.0);
}`;

const LINE_FRAGMENT = `#version 300 es
precision highp float;
uniform vec4 colour;
out vec4 drawn;
void main() {
  drawn = vec4(colour.rgb * colour.a, colour.a);
}`;

/**
 * Points of any number as discs, by WebGL 2 on a canvas of their own. Nothing in it makes code out of text, so that it runs
 * under rules which forbid that.
 */
export class PointLayer implements Points {
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #uniforms: Readonly<Record<"middle" | "scale" | "size" | "faint", WebGLUniformLocation>>;
  readonly #places: WebGLBuffer;
  readonly #colours: WebGLBuffer;
  readonly #points: WebGLProgram;
  readonly #pointState: WebGLVertexArrayObject;
  readonly #lines: WebGLProgram;
  readonly #lineState: WebGLVertexArrayObject;
  readonly #ends: WebGLBuffer;
  #lineCount = 0;
  #count = 0;
  #hasFaint = false;

  private constructor(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext) {
    this.#canvas = canvas;
    this.#gl = gl;
    const program = linked(gl, VERTEX, FRAGMENT);
    this.#points = program;
    this.#pointState = gl.createVertexArray();
    gl.bindVertexArray(this.#pointState);
    const uniform = (name: string): WebGLUniformLocation => gl.getUniformLocation(program, name)!;
    this.#uniforms = {
      middle: uniform("middle"),
      scale: uniform("scale"),
      size: uniform("size"),
      faint: uniform("faint"),
    };
    this.#places = gl.createBuffer();
    this.#colours = gl.createBuffer();
    const attribute = (name: string, buffer: WebGLBuffer, parts: number, type: number): void => {
      const at = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, parts, type, type === gl.UNSIGNED_BYTE, 0, 0);
    };
    attribute("place", this.#places, 2, gl.FLOAT);
    attribute("colour", this.#colours, 4, gl.UNSIGNED_BYTE);
    this.#lines = linked(gl, LINE_VERTEX, LINE_FRAGMENT);
    this.#lineState = gl.createVertexArray();
    this.#ends = gl.createBuffer();
    gl.bindVertexArray(this.#lineState);
    const end = gl.getAttribLocation(this.#lines, "place");
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#ends);
    gl.enableVertexAttribArray(end);
    gl.vertexAttribPointer(end, 2, gl.FLOAT, false, 0, 0);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /**
   * A layer on a canvas; undefined where the browser has no WebGL 2, or imitates it on its processor.
   *
   * @param imitated true to draw by such an imitation, too
   */
  static on(canvas: HTMLCanvasElement, imitated = false): PointLayer | undefined {
    const gl = canvas.getContext("webgl2", {
      // A point that shines through has to be put together with what lies below, for every frame.
      alpha: false,
      antialias: false,
      depth: false,
      powerPreference: "high-performance",
    });
    if (!gl) return undefined;
    if (imitated || !isImitation(gl)) return new PointLayer(canvas, gl);
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    return undefined;
  }

  setGround([red, green, blue]: Rgb): void {
    this.#gl.clearColor(red / 255, green / 255, blue / 255, 1);
  }

  setPlaces(places: Float32Array): void {
    this.#count = places.length / 2;
    this.#gl.bindBuffer(this.#gl.ARRAY_BUFFER, this.#places);
    this.#gl.bufferData(this.#gl.ARRAY_BUFFER, places, this.#gl.STATIC_DRAW);
  }

  setColours(colours: Uint8Array): void {
    this.#hasFaint = false;
    for (let i = 3; i < colours.length && !this.#hasFaint; i += 4) this.#hasFaint = colours[i]! < 128;
    this.#gl.bindBuffer(this.#gl.ARRAY_BUFFER, this.#colours);
    this.#gl.bufferData(this.#gl.ARRAY_BUFFER, colours, this.#gl.DYNAMIC_DRAW);
  }

  setLines(ends: Float32Array): void {
    this.#lineCount = ends.length / 4;
    this.#gl.bindBuffer(this.#gl.ARRAY_BUFFER, this.#ends);
    this.#gl.bufferData(this.#gl.ARRAY_BUFFER, ends, this.#gl.STATIC_DRAW);
  }

  draw({ camera, view, ratio }: Sight, sizePx: number, lines: LineColour | undefined): void {
    const gl = this.#gl;
    const { middle, zoom } = camera;
    const scale = [(2 * zoom) / view.width, (2 * zoom) / view.height] as const;
    const { width: w, height: h } = this.#canvas;
    gl.viewport(0, 0, w, h);
    gl.useProgram(this.#points);
    gl.bindVertexArray(this.#pointState);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.#uniforms.middle, middle.x, middle.y);
    gl.uniform2f(this.#uniforms.scale, ...scale);
    gl.uniform1f(this.#uniforms.size, sizePx * ratio);
    for (const faint of this.#hasFaint ? [1, 0] : [0]) {
      gl.uniform1f(this.#uniforms.faint, faint);
      gl.drawArrays(gl.POINTS, 0, this.#count);
    }
    if (!lines) return;
    gl.useProgram(this.#lines);
    gl.bindVertexArray(this.#lineState);
    gl.uniform2f(gl.getUniformLocation(this.#lines, "middle"), middle.x, middle.y);
    gl.uniform2f(gl.getUniformLocation(this.#lines, "scale"), ...scale);
    gl.uniform4f(gl.getUniformLocation(this.#lines, "colour"), ...lines);
    gl.drawArrays(gl.LINES, 0, 2 * this.#lineCount);
  }

  close(): void {
    this.#gl.deleteBuffer(this.#places);
    this.#gl.deleteBuffer(this.#colours);
    this.#gl.deleteBuffer(this.#ends);
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** Tells whether WebGL is computed by the processor, which takes longer than writing the pixels does. */
function isImitation(gl: WebGL2RenderingContext): boolean {
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}

function linked(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(`internal: map: expected shaders that link: ${gl.getProgramInfoLog(program)}`);
  return program;
}
