import { ProjectError } from "./errors.ts";

/** The `{% snapshot name %} … {% endsnapshot %}` blocks of a file, without their tags. */
export function snapshotBlocks(source: string, file: string): { name: string; text: string }[] {
  const blocks = [...source.matchAll(/\{%-?\s*snapshot\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*endsnapshot\s*-?%\}/g)].map(
    ([, name = "", text = ""]) => ({ name, text }),
  );
  if (blocks.length === 0) throw new ProjectError(`${file}: no {% snapshot name %} … {% endsnapshot %} block in it`);
  return blocks;
}
