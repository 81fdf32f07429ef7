/** HTML made of text that may hold anything: whatever is not already `Html` is escaped. */

/** Text that is safe to stand in a page as it is. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | readonly Part[] | undefined | false;

/** A template tag: strings and numbers are escaped, `Html` and lists of it go in as they are, nothing for undefined and false. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = literals[0];
  for (let i = 0; i < parts.length; i++) text += render(parts[i]) + literals[i + 1];
  return new Html(text);
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(render).join('');
  return escapeHtml(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for element content and quoted attributes. Control characters that HTML forbids become U+FFFD. */
export function escapeHtml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]).replace(/[\0-\x08\x0B\x0C\x0E-\x1F]/g, '\uFFFD');
}

/** JSON that may stand inside a script element: no `<` can close it. */
export function jsonForScript(value: unknown): Html {
  return new Html(
    JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => {
      return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
    }),
  );
}

/** A `data:` address of bytes, for audio that stands in the page itself. */
export function dataUrl(bytes: Uint8Array, mediaType: string): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += 8192)
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return `data:${mediaType};base64,${btoa(binary)}`;
}
