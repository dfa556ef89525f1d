// What secrets look like whatever they are called: private keys, tokens of well-known forms, addresses with credentials.
// Pure.

/** Each form is told by characters that stand in every text of that form; {@link mayLook} knows them. */
export const SECRET_FORMS: readonly string[] = [
  '-----BEGIN [A-Z0-9 ]*PRIVATE KEY',
  '\\beyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*',
  '\\b[a-z][a-z0-9+.-]{1,20}://[^/\\s:@"\']*:[^/\\s@"\']+@',
  '\\bgh[pousr]_[A-Za-z0-9]{20,}',
  '\\bgithub_pat_[A-Za-z0-9_]{20,}',
  '\\bglpat-[A-Za-z0-9_-]{16,}',
  '\\bxox[abposr]-[A-Za-z0-9-]{10,}',
  '\\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}',
  '\\bhv[sbr]\\.[A-Za-z0-9_-]{20,}',
  '\\bdop_v1_[a-f0-9]{32,}',
  '\\bAIza[A-Za-z0-9_-]{30,}',
  '\\bSG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}',
  '\\bnpm_[A-Za-z0-9]{30,}',
  '(?:AccountKey|SharedAccessKey|SharedSecret|Password|Pwd)=[^;\\s]{4,}',
  '[?&](?:sig|X-Amz-Signature)=[A-Za-z0-9%+/_-]{16,}',
  '\\b[Bb]earer [A-Za-z0-9._~+/-]{16,}',
  '(?:AKIA|ASIA)[A-Z0-9]{16}[^A-Za-z0-9][\\s\\S]*[A-Za-z0-9/+]{40}',
];

const ANY_FORM = new RegExp(SECRET_FORMS.join('|'));
const SHORTEST = 12;

/** True for private keys, tokens of well-known forms, addresses with credentials: whatever the attribute is called. */
export const looksLikeSecret = (value: string): boolean =>
  value.length >= SHORTEST && mayLook(value) && ANY_FORM.test(value);

/** The characters that end what every text of a form holds; what stands before them is looked at only there. */
const TELLING = new Uint8Array(128);
for (const character of 'BJ@_-.z= A') TELLING[character.charCodeAt(0)] = 1;

/**
 * False when no form can match. Nearly all values are ordinary, and going through one once for what all forms need costs a
 * tenth of trying each form at each character.
 */
function mayLook(text: string): boolean {
  for (let i = 2; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128 && TELLING[code] === 1 && tells(text[i]!, text[i - 1]!, text[i - 2]!)) return true;
  }
  return false;
}

function tells(last: string, before: string, first: string): boolean {
  switch (last) {
    case 'B': // -----BEGIN
      return before === '-';
    case 'J': // eyJ
      return before === 'y';
    case '@': // ://user:password@
      return true;
    case '_': // ghp_ github_pat_ sk_ dop_v1_ npm_
      return (
        first === 'h' ||
        (before === 't' && first === 'a') ||
        (before === 'k' && (first === 's' || first === 'r')) ||
        (before === '1' && first === 'v') ||
        (before === 'm' && first === 'p')
      );
    case '-': // glpat- xoxb-
      return (before === 't' && first === 'a') || first === 'x';
    case '.': // hvs. SG.
      return (before === 'G' && first === 'S') || first === 'v';
    case 'z': // AIza
      return before === 'I';
    case '=': // AccountKey= SharedSecret= Password= sig= Signature=
      return 'ytdge'.includes(before);
    case ' ': // Bearer
      return before === 'r' && first === 'e';
    default: // AKIA ASIA
      return before === 'I' && (first === 'K' || first === 'S');
  }
}
