export interface Utterance {
  role: string;
  text: string;
}

export interface Extract {
  /** The last sentence that the user asked or said. Empty when the conversation has no text. */
  question: string;
  /** Sentences of the conversation, as they stand there and in its order, that have most to do with the question. */
  quotations: Utterance[];
}

const MOST_QUOTATIONS = 3;
/** Only the newest sentences are compared. */
const MOST_SENTENCES = 2000;
const LONGEST_QUOTATION = 500;

// Intl.Segmenter knows more about languages, but its time grows faster than the text: 100,000 characters take seconds.
/** Up to a full stop and the like before a space, to one of the East Asian ones, or to the end of the line. */
const SENTENCE = /\S[^\n]*?(?:[.!?\u2026]["'\u201d\u2019)\]]?(?=\s|$)|[\u3002\uff01\uff1f]|(?=\n|$))/gu;
/** A character of a script that is written without spaces, or a run of letters and digits. */
const TERM = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}]+/gu;

interface Sentence extends Utterance {
  place: number;
  terms: Set<string>;
}

/**
 * Picks the sentences that best match the question, by the sum of the inverse document frequencies of the terms that
 * both have, divided by the root of the sentence's length, so that long ones do not win by length alone. When no
 * sentence shares a term with the question, those that share most with the rest of the conversation are taken.
 *
 * @see Sparck Jones, "A statistical interpretation of term specificity" (1972), for the weights; Mihalcea and Tarau,
 * "TextRank" (2004), for ranking a sentence by what it shares with the others.
 */
export function extract(conversation: readonly Utterance[]): Extract {
  const sentences = conversation.flatMap(({ role, text }) =>
    split(text).map((sentence) => ({ role, text: sentence })),
  );
  const asked = questionAmong(sentences);
  const question = asked === undefined ? '' : (sentences[asked]?.text ?? '');
  const candidates: Sentence[] = sentences
    .map((sentence, place) => ({ ...sentence, place }))
    .filter(({ text, place }) => place !== asked && text !== question)
    .slice(-MOST_SENTENCES)
    .map((sentence) => ({ ...sentence, terms: termsOf(sentence.text) }));
  const frequencies = documentFrequencies(candidates);
  const weight = (term: string) => Math.log(1 + candidates.length / (1 + (frequencies.get(term) ?? 0)));

  const wanted = termsOf(question);
  const byQuestion = rank(candidates, ({ terms }) =>
    sum(terms, (term) => (wanted.has(term) ? weight(term) : 0)),
  );
  const ranked =
    byQuestion.length > 0
      ? byQuestion
      : rank(candidates, ({ terms }) => sum(terms, (term) => (frequencies.get(term) ?? 1) - 1) + 1e-9);
  return {
    question,
    quotations: ranked
      .slice(0, MOST_QUOTATIONS)
      .sort((a, b) => a.place - b.place)
      .map(({ role, text }) => ({ role, text: [...text].slice(0, LONGEST_QUOTATION).join('') })),
  };
}

/** The user's last sentence that asks something; or else the user's last sentence; or else the last one of all. */
function questionAmong(sentences: readonly Utterance[]): number | undefined {
  const last = (matches: (sentence: Utterance) => boolean) => {
    const place = sentences.findLastIndex(matches);
    return place < 0 ? undefined : place;
  };
  const lastOfUser = last(({ role }) => role === 'user');
  // A question that was followed by an answer is not what is asked now.
  const lastAnswer = last(({ role }) => role === 'assistant') ?? -1;
  const asking = last(({ role, text }) => role === 'user' && /[?\uff1f]$/.test(text));
  return (asking !== undefined && asking > lastAnswer ? asking : lastOfUser) ?? last(() => true);
}

function split(text: string): string[] {
  return (text.match(SENTENCE) ?? []).map((sentence) => sentence.trim());
}

function termsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(TERM) ?? []);
}

function documentFrequencies(sentences: readonly Sentence[]): Map<string, number> {
  const frequencies = new Map<string, number>();
  for (const { terms } of sentences)
    for (const term of terms) frequencies.set(term, (frequencies.get(term) ?? 0) + 1);
  return frequencies;
}

/** Best first, the newer one first among equals; those without any score are left out. */
function rank(sentences: readonly Sentence[], score: (sentence: Sentence) => number): Sentence[] {
  return sentences
    .map((sentence) => ({ sentence, score: score(sentence) / Math.sqrt(Math.max(1, sentence.terms.size)) }))
    .filter(({ score: points }) => points > 0)
    .sort((a, b) => b.score - a.score || b.sentence.place - a.sentence.place)
    .map(({ sentence }) => sentence);
}

function sum(terms: Iterable<string>, points: (term: string) => number): number {
  let total = 0;
  for (const term of terms) total += points(term);
  return total;
}
