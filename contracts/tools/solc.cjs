#!/usr/bin/env node
// Makes npm's solc (soljson, WebAssembly) look like the native compiler that forge calls, so that the contracts
// build offline from `npm ci` alone. forge inlines every source, so no import needs resolving here.
// It must never compile with another version than the one in package-lock.json.
'use strict';

const { readFileSync, writeSync } = require('node:fs');
const solc = require('solc');

const STDIN = 0;
const STDOUT = 1;

/** Writes all of it: a pipe takes a few KiB at a time and answers EAGAIN while it is full. */
function writeAll(text) {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(STDOUT, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

const args = process.argv.slice(2);
if (args.includes('--version')) {
  writeAll(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (args.includes('--standard-json')) {
  writeAll(solc.compile(readFileSync(STDIN, 'utf8')));
} else {
  process.stderr.write(`solc.cjs answers --version and --standard-json only, not: ${args.join(' ')}\n`);
  process.exitCode = 1;
}
