/** `attachment` with a file name that every browser reads right: plain ASCII first, then UTF-8 (RFC 5987). */
export function contentDisposition(fileName: string): string {
  const safe = fileName.replace(/[/\\:*?"<>|\r\n]/g, "_");
  const ascii = safe.replace(/[^\x20-\x7e]/g, "_");
  const encoded = encodeURIComponent(safe).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
