// Times as the API takes them. Pure.

/** Milliseconds of an RFC 3339 time that was validated as one. */
export const timeOf = (text: string): number => Date.parse(text);
