import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escaped } from '../../src/report/markup.ts';
import { anyCharacter } from '../support/any-text.ts';
import { documents } from './documents/index.ts';
import { createReporter } from './reporter.ts';

test('no text can leave its place in a page', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      const safe = escaped(text);
      expect(safe).not.toMatch(/[<>"']/);
      expect(safe.replaceAll(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      // XML 1.0, production 2: what no document may hold.
      expect(safe).not.toMatch(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u);
    }),
  );
});

const options = { width: 80, color: true, verbose: false };

describe('junit', () => {
  const junit = createReporter('junit', options);

  test('a suite for each flow, a failure with the reason and the log', () => {
    const text = junit(documents.flows);
    expect(text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="qbtc" tests="\d+" failures="\d+"/,
    );
    const { flows } = documents.flows;
    expect(text.match(/<testcase /g)).toHaveLength(flows.length);
    expect(text.match(/<failure /g)).toHaveLength(flows.filter(({ status }) => status === 'failed').length);
    for (const { correlationId } of flows) expect(text).toContain(correlationId);
    // Every element that is opened is closed, in order.
    const open: string[] = [];
    for (const [, close, name = '', own] of text.matchAll(/<(\/?)([a-z-]+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!own) open.push(name);
    }
    expect(open).toEqual([]);
  });

  test('an error of the command is a case that did not run', () => {
    expect(junit(documents.error)).toMatch(/<error type="[A-Z_]+" message="/);
  });
});

test('html is one page that needs nothing else', () => {
  const text = createReporter('html', options)(documents.flows);
  expect(text).toMatch(/^<!doctype html>/);
  expect(text).not.toMatch(/(src|href)=/);
  for (const { hops } of documents.flows.flows)
    for (const { subject } of hops) expect(text).toContain(subject);
});

test('what fails the gate stands in each form of the score', () => {
  const form = (name: 'junit' | 'html' | 'markdown') => createReporter(name, options)(documents.score);
  const xml = form('junit');
  expect(xml).toContain('<testsuite name="gate" tests="2" failures="2"');
  expect(xml).toContain('<testcase classname="gate.flow" name="llm &lt;chat&gt;">');
  expect(form('html')).toContain('cache is crashed: exited with 1');
  expect(form('markdown')).toMatch(/^## ❌ acme: .*fails: 1 part dead, 1 flow failed/);
});
