import { describe, expect, it } from 'vitest';
import { dataUrl, escapeHtml, html, jsonForScript } from '../../../src/train/report/html.js';

describe('html', () => {
  it('escapes strings, takes Html and lists of it as they are, leaves out undefined and false', () => {
    const items = ['<b>', '&'].map((text) => html`<li title="${text}">${text}</li>`);
    expect(html`<ul>${items}</ul>${undefined}${false}${3}`.text).toBe(
      '<ul><li title="&lt;b&gt;">&lt;b&gt;</li><li title="&amp;">&amp;</li></ul>3',
    );
  });
});

describe('escapeHtml', () => {
  it('escapes both quotes and replaces control characters', () => {
    expect(escapeHtml(`a"'<\0>`)).toBe('a&quot;&#39;&lt;\uFFFD&gt;');
  });
});

describe('jsonForScript', () => {
  it('cannot close its script element and reads back the same', () => {
    const value = { label: '</script><!-- & \u2028' };
    const { text } = jsonForScript(value);
    expect(text).not.toMatch(/[<>&\u2028]/);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('dataUrl', () => {
  it('encodes more bytes than one call takes arguments', () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) % 256);
    expect(dataUrl(bytes, 'audio/wav')).toBe(
      `data:audio/wav;base64,${Buffer.from(bytes).toString('base64')}`,
    );
  });
});
