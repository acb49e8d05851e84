/** What a machine shows of a document beside the lines of files: one finding, mistake, lost check. */
export interface Notice {
  severity: 'error' | 'warning';
  /** Stable, for whoever groups or silences them: `INFRA_RESOURCE_ACTIVE`. */
  code: string;
  /** What it is about: with the code it tells one notice from all others, wherever its line has moved to. */
  subject: string;
  message: string;
  /** Above the message, where one line has room for both. */
  title?: string;
  place?: NoticePlace;
  /** How to learn what the code stands for. */
  help?: string;
  /** Why it is set aside. */
  ignored?: string;
}

/** A file as it is written from where the command was given, and where it is known, the place in it. */
export interface NoticePlace {
  file: string;
  line?: number;
  column?: number;
}

/** `qbtc.yaml:12:5 …`, as mistakes of a file are written. */
const PLACE = /^([^\s:]+):(\d+):(\d+):?\s*(.*)$/s;

/** The place that a text begins with, and what stands behind it. */
export function splitPlace(text = ''): { place: NoticePlace; rest: string } | undefined {
  const [, file, line, column, rest = ''] = PLACE.exec(text) ?? [];
  return file === undefined
    ? undefined
    : { place: { file, line: Number(line), column: Number(column) }, rest };
}
