/** Maps with zeros around them, for windows that reach over the edge. */

/** Zeros around the map in the frame; what the map fills is left alone. */
export function clearBorder(frame: usize, lines: i32, columns: i32, C: i32, pt: i32, pf: i32, T: i32, F: i32): void {
  const row = <usize>C << 2;
  const line = <usize>columns * row;
  const inner = min(F, columns - pf);
  const last = min(lines, pt + T);
  memory.fill(frame, 0, <usize>pt * line);
  for (let t = pt; t < last; t++) {
    const at = frame + <usize>t * line;
    if (pf) memory.fill(at, 0, <usize>pf * row);
    const end = pf + inner;
    if (end < columns) memory.fill(at + <usize>end * row, 0, <usize>(columns - end) * row);
  }
  if (last < lines) memory.fill(frame + <usize>last * line, 0, <usize>(lines - last) * line);
}

/** Copies a map, whose positions lie `position` bytes apart, into the frame. */
export function fillFrame(frame: usize, lines: i32, columns: i32, C: i32, pt: i32, pf: i32, x: usize, position: usize, T: i32, F: i32): void {
  const row = <usize>C << 2;
  const inner = min(F, columns - pf);
  const count = min(T, lines - pt);
  let to = frame + <usize>(pt * columns + pf) * row;
  for (let t = 0; t < count; t++) {
    if (position == row) {
      copy(to, x, <usize>inner * row);
    } else {
      for (let f = 0; f < inner; f++) copy(to + <usize>f * row, x + <usize>f * position, row);
    }
    to += <usize>columns * row;
    x += <usize>F * position;
  }
}

/** Zeros in the columns of a strip that no map fills. */
export function clearSides(strip: usize, lines: i32, columns: i32, C: i32, pf: i32, F: i32): void {
  const row = <usize>C << 2;
  const end = pf + min(F, columns - pf);
  for (let t = 0; t < lines; t++) {
    const at = strip + <usize>(t * columns) * row;
    if (pf) clear(at, <usize>pf * row);
    if (end < columns) clear(at + <usize>end * row, <usize>(columns - end) * row);
  }
}

/** Lines `first` … `first + lines − 1` of a map into a strip whose sides are clear; zeros for lines that it does not have. */
export function fillStrip(strip: usize, first: i32, lines: i32, columns: i32, C: i32, pf: i32, x: usize, position: usize, T: i32, F: i32): void {
  const row = <usize>C << 2;
  const inner = min(F, columns - pf);
  const line = <usize>columns * row;
  for (let t = first; t < first + lines; t++) {
    if (t < 0 || t >= T) {
      clear(strip, line);
    } else {
      const to = strip + <usize>pf * row;
      const from = x + <usize>(t * F) * position;
      if (position == row) copy(to, from, <usize>inner * row);
      else for (let f = 0; f < inner; f++) copy(to + <usize>f * row, from + <usize>f * position, row);
    }
    strip += line;
  }
}

// @ts-ignore: decorator
@inline
function clear(to: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.splat(0));
  for (; i < bytes; i += 4) store<f32>(to + i, 0);
}

// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
}

