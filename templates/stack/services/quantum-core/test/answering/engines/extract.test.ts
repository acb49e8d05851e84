import { describe, expect, it } from 'vitest';
import { extract } from '../../../src/answering/engines/extract.ts';

describe('extract', () => {
  it('takes the last question of the user that has no answer yet', () => {
    const { question } = extract([
      { role: 'user', text: 'What is one?' },
      { role: 'assistant', text: 'One is a number.' },
      { role: 'user', text: 'And two? Please.' },
    ]);
    expect(question).toBe('And two?');
    expect(
      extract([
        { role: 'user', text: 'Old? ' },
        { role: 'assistant', text: 'Yes.' },
        { role: 'user', text: 'Go on.' },
      ]).question,
    ).toBe('Go on.');
  });

  it('ranks by rare terms and keeps the order of the conversation', () => {
    const { quotations } = extract([
      {
        role: 'system',
        text: 'The red door is open. The blue door is shut. The green door is new. The cellar has a red lamp.',
      },
      { role: 'user', text: 'What is red?' },
    ]);
    expect(quotations.map(({ text }) => text)).toContain('The red door is open.');
    expect(quotations.map(({ text }) => text)).toContain('The cellar has a red lamp.');
    expect(quotations.length).toBeLessThanOrEqual(3);
    expect(quotations[0]?.text).toBe('The red door is open.');
  });

  it('takes what the conversation is about when nothing shares a word with the question', () => {
    const { quotations } = extract([
      { role: 'system', text: 'Cats sleep. Cats hunt. Rain.' },
      { role: 'user', text: 'Why?' },
    ]);
    expect(quotations.map(({ text }) => text)).toEqual(expect.arrayContaining(['Cats sleep.', 'Cats hunt.']));
  });

  it('knows the full stops of East Asian scripts', () => {
    const { question, quotations } = extract([{ role: 'user', text: '猫は寝る。犬は走る。猫は何をする？' }]);
    expect(question).toBe('猫は何をする？');
    expect(quotations[0]?.text).toBe('猫は寝る。');
  });
});
