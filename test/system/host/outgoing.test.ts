import { expect, test } from 'vitest';
import { parsePortRange as parseSysctl } from '../../../src/system/host/darwin.ts';
import { parsePortRange } from '../../../src/system/host/linux.ts';
import { parseDynamicPorts } from '../../../src/system/host/windows.ts';
import { quietContext } from '../../support/quiet-context.ts';

test('Linux tells the range, and what is reserved in it', () => {
  expect(parsePortRange('32768\t60999\n', '\n')).toEqual({ first: 32_768, last: 60_999, reserved: [] });
  expect(parsePortRange('1024\t65535\n', '8080,9148-9150\n')).toEqual({
    first: 1024,
    last: 65_535,
    reserved: [
      { first: 8080, last: 8080 },
      { first: 9148, last: 9150 },
    ],
  });
  expect(parsePortRange('', '')).toBeUndefined();
});

test('macOS tells two numbers', () => {
  expect(parseSysctl('49152\n65535\n')).toEqual({ first: 49_152, last: 65_535, reserved: [] });
  expect(parseSysctl('')).toBeUndefined();
});

// Recorded: Windows 11, netsh int ipv4 show dynamicport tcp; in English and in German.
const ENGLISH = `
Protocol tcp Dynamic Port Range
---------------------------------
Start Port      : 49152
Number of Ports : 16384

`;
const GERMAN = `
Dynamischer Portbereich für Protokoll "tcp"
---------------------------------
Startport          : 1024
Anzahl von Ports   : 64511

`;

test('Windows tells the first and how many, in its own language', () => {
  expect(parseDynamicPorts(ENGLISH.replaceAll('\n', '\r\n'))).toEqual({
    first: 49_152,
    last: 65_535,
    reserved: [],
  });
  expect(parseDynamicPorts(GERMAN)).toEqual({ first: 1024, last: 65_534, reserved: [] });
  expect(parseDynamicPorts('Access is denied.')).toBeUndefined();
});

test.runIf(process.platform === 'linux')('this machine has such a range', async () => {
  const range = await quietContext().host.outgoingPorts();
  expect(range?.last).toBeGreaterThan(range?.first ?? 65_535);
});
