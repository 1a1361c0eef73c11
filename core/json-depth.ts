/** How deeply a JSON text nests. What walks a tree calls itself, and its stack ends somewhere else in each engine. */

/** Of JSON: brackets in strings do not count. One pass; a pattern would begin anew at every quote of a cut string. */
export function nestsDeeper(json: string, most: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (isText) {
      if (character === '\\') at += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > most) return true;
  }
  return false;
}
