import type { RecordView } from "#lib/records/definition.ts";

export interface NamedRecordView extends RecordView {
  /** The semantic view's name. */
  id: string;
}

const files = import.meta.glob<RecordView>(["./*.ts", "!./definition.ts", "!./index.ts", "!./*.test.ts"], {
  eager: true,
  import: "default",
});

export const recordViews: readonly NamedRecordView[] = Object.entries(files).map(([path, view]) => ({
  ...view,
  id: path.replace(/^\.\/|\.ts$/g, ""),
}));

export const recordView = (id: string): NamedRecordView | undefined => recordViews.find((view) => view.id === id);

/** The views of the menu that the caller may read at all. */
export const grantedRecordViews = (has: (member: string) => boolean): NamedRecordView[] =>
  recordViews
    .filter(({ id, position, time, key }) => position !== null && has(`${id}.${time}`) && has(`${id}.${key}`))
    .sort((left, right) => (left.position ?? 0) - (right.position ?? 0));
