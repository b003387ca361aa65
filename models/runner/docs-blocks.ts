import type { SourceFile } from "./project-files.ts";
import type { DocsBlock } from "./resources.ts";

/** The `{% docs name %} … {% enddocs %}` blocks of a Markdown file. */
export function docsBlocks({ file, text }: SourceFile, packageName: string): DocsBlock[] {
  return [...text.matchAll(/\{%-?\s*docs\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*enddocs\s*-?%\}/g)].map(([, name = "", body = ""]) => ({
    uniqueId: `doc.${packageName}.${name}`,
    name,
    packageName,
    file,
    text: body.trim(),
  }));
}
