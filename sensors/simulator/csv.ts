/** The little CSV that the data sets use: a header, comma, optional double quotes (RFC 4180), LF. */
export type CsvRow = Readonly<Record<string, string>>;

export function parseCsv(text: string): readonly CsvRow[] {
  const [header, ...lines] = text.split(/\r?\n/).filter((line) => line !== '');
  const names = splitLine(header ?? '');
  return lines.map((line) => {
    const values = splitLine(line);
    return Object.fromEntries(names.map((name, column) => [name, values[column] ?? '']));
  });
}

function splitLine(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',');
  const values: string[] = [];
  let value = '';
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (isQuoted && char === '"' && line.charAt(at + 1) === '"') {
      value += '"';
      at++;
    } else if (char === '"') {
      isQuoted = !isQuoted;
    } else if (char === ',' && !isQuoted) {
      values.push(value);
      value = '';
    } else {
      value += char;
    }
  }
  return [...values, value];
}
