/** A QR code for a terminal, which may be dark or light: both colors are set, so that ink is dark in either. */
import { encode, renderSVG } from 'uqr';

/** Two rows of modules in a line of text. Black and white of the 6x6x6 cube: the first sixteen follow the terminal's theme. */
const PAINT = '\x1b[38;5;16;48;5;231m';
const PLAIN = '\x1b[0m';
/** ISO/IEC 18004 asks for four light modules around. */
const QUIET = 4;

export function terminalQr(text: string, isColored = !process.env['NO_COLOR']): string {
  const { data } = encode(text, { ecc: 'L', border: QUIET });
  const lines: string[] = [];
  for (let row = 0; row < data.length; row += 2) {
    const line = (data[row] ?? []).map((upper, column) => half(upper, data[row + 1]?.[column] ?? false)).join('');
    lines.push(isColored ? `${PAINT}${line}${PLAIN}` : line);
  }
  return lines.join('\n');
}

function half(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀';
  return lower ? '▄' : ' ';
}

/** For a label on the device's case. */
export function svgQr(text: string): string {
  return `${renderSVG(text, { ecc: 'M', border: QUIET })}\n`;
}
