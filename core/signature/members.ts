/**
 * Several signatures of one request: Signature-Input and Signature are dictionaries (RFC 9421 section 4). Split into single
 * members, each pair is read as if it stood alone.
 */
export type SignaturePair = { readonly signatureInput: string; readonly signature: string };

/** Null: the labels of the two do not agree, or one is given twice. */
export function pairSignatures(signatureInput: string, signature: string): readonly SignaturePair[] | null {
  const inputs = splitMembers(signatureInput);
  const own = splitMembers(signature);
  const signatures = new Map(own.map((member) => [labelOf(member), member]));
  const labels = new Set(inputs.map(labelOf));
  if (labels.size !== inputs.length || signatures.size !== own.length || own.length !== inputs.length) return null;
  const pairs: SignaturePair[] = [];
  for (const input of inputs) {
    const member = signatures.get(labelOf(input));
    if (member === undefined) return null;
    pairs.push({ signatureInput: input, signature: member });
  }
  return pairs;
}

/** At commas outside of strings; a backslash in a string hides the character after it (RFC 8941 section 3.3.3). */
function splitMembers(header: string): readonly string[] {
  const members: string[] = [];
  let from = 0;
  let isString = false;
  for (let at = 0; at < header.length; at += 1) {
    const character = header[at];
    if (isString && character === '\\') at += 1;
    else if (character === '"') isString = !isString;
    else if (character === ',' && !isString) {
      members.push(stripped(header.slice(from, at)));
      from = at + 1;
    }
  }
  return [...members, stripped(header.slice(from))];
}

/** Of spaces and tabs alone (RFC 9110 section 5.6.3); `trim` takes more than that for nothing. */
function stripped(member: string): string {
  let [from, until] = [0, member.length];
  while (isSpace(member[from])) from += 1;
  while (until > from && isSpace(member[until - 1])) until -= 1;
  return member.slice(from, until);
}

const isSpace = (character: string | undefined): boolean => character === ' ' || character === '\t';

const labelOf = (member: string): string => member.slice(0, Math.max(member.indexOf('='), 0));
