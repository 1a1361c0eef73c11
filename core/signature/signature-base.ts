/** The text that is signed: RFC 9421 section 2.5, for a POST with the five components of ingest v1, or a GET that has no body. */
import type { Component } from './signature-input.ts';

export type CoveredValues = {
  /** Absent: POST. */
  readonly method?: 'GET';
  /** Lower case, default port dropped (section 2.2.3). */
  readonly authority: string;
  readonly path: string;
  readonly contentType: string;
  /** The whole field value as sent. */
  readonly contentDigest: string;
};

/** One line a component, single line feeds, none at the end. `params` is the value of `@signature-params` as received. */
export function signatureBase(covered: CoveredValues, components: readonly Component[], params: string): string {
  let base = '';
  for (const component of components) base += `"${component}": ${valueOf(component, covered)}\n`;
  return `${base}"@signature-params": ${params}`;
}

function valueOf(component: Component, covered: CoveredValues): string {
  switch (component) {
    case '@method':
      return covered.method ?? 'POST';
    case '@authority':
      return covered.authority;
    case '@path':
      return covered.path;
    case 'content-type':
      return covered.contentType;
    case 'content-digest':
      return covered.contentDigest;
  }
}
